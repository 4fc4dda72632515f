{%- set indicators = [] -%}
{%- for name in models_in('indicators') -%}
{%- do indicators.extend((entry_of(name).indicators or {}).items()) -%}
{%- endfor -%}
{% for indicator, entry in indicators %}
select
    '{{ indicator }}' as indicator,
    {{ stated_text(entry.title_zh) }} as title_zh,
    {{ stated_text(entry.title_en) }} as title_en,
    {{ 'true' if entry.is_rate else 'false' }} as is_rate,
    {{ stated_text(entry.category) }} as category_is,
    {{ stated_text(entry.meaning_zh) }} as meaning_zh,
    {{ stated_text(entry.meaning_en) }} as meaning_en
{{ 'union all' if not loop.last }}
{%- endfor %}
