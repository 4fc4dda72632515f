{%- set facts = [
    'title_zh', 'title_en', 'domain', 'severity', 'check_at_door_zh', 'check_at_door_en', 'legal_basis', 'absence_feed',
    'absence_period', 'admits',
] -%}
{% for name in (rule_models() + compound_rule_models() if execute else []) %}
{%- set meta = graph.nodes['model.' ~ project_name ~ '.' ~ name].config.meta %}
select
    {%- for fact in facts %}
    cast({{ "'" ~ meta[fact] | replace("'", "''") ~ "'" if fact in meta else 'null' }} as varchar) as {{ fact }},
    {%- endfor %}
    '{{ name | upper }}' as rule_id
{{ 'union all' if not loop.last }}
{%- endfor %}
