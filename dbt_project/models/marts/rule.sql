{%- set facts = [
    'title_zh', 'title_en', 'domain', 'severity', 'check_at_door_zh', 'check_at_door_en', 'legal_basis', 'absence_feed',
    'absence_period', 'admits',
] -%}
{% for name in (rule_models() + compound_rule_models() if execute else []) %}
{%- set meta = entry_of(name) %}
select
    {%- for fact in facts %}
    {{ stated_text(meta[fact]) }} as {{ fact }},
    {%- endfor %}
    {{ stated_text(named_domain(meta.domain).zh) }} as domain_zh,
    {{ stated_text(named_domain(meta.domain).en) }} as domain_en,
    cast({{ meta.absence_statuses or [] }} as varchar[]) as absence_statuses,
    '{{ name | upper }}' as rule_id
{{ 'union all' if not loop.last }}
{%- endfor %}
