{% for rule in rule_models() %}
select * from {{ ref(rule) }}
{{ 'union all by name' if not loop.last }}
{%- endfor %}
