{%- set facts = ['title_zh', 'title_en', 'what_to_do_zh', 'what_to_do_en', 'basis'] -%}
{% for kind in models_in('gaps') %}
{%- set entry = entry_of(kind) %}
select
    '{{ kind }}' as kind,
    {%- for fact in facts %}
    {{ stated_text(entry[fact]) }} as {{ fact }},
    {%- endfor %}
    cast({{ entry.feeds or [] }} as varchar[]) as feeds,
    cast({{ entry.absence_feeds or [] }} as varchar[]) as absence_feeds,
    cast({{ entry.absence_statuses or [] }} as varchar[]) as absence_statuses
{{ 'union all' if not loop.last }}
{%- endfor %}
