{%- set rules = [] -%}
{%- if execute -%}
    {%- for name in rule_models() -%}
        {%- do rules.append(graph.nodes['model.' ~ project_name ~ '.' ~ name]) -%}
    {%- endfor -%}
{%- endif -%}
{%- set facts = [
    'title_zh', 'title_en', 'domain', 'severity', 'check_at_door_zh', 'check_at_door_en', 'legal_basis', 'absence_feed'
] -%}
{% for rule in rules %}
select
    cast('{{ rule.name | upper }}' as varchar) as rule_id
    {%- for fact in facts %},
    cast({{ dbt.string_literal(dbt.escape_single_quotes(rule.config.meta[fact])) if fact in rule.config.meta else 'null' }} as varchar) as {{ fact }}
    {%- endfor %}
{% if not loop.last %}union all{% endif %}
{% endfor %}
