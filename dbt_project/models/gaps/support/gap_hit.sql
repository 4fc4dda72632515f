{% for kind in models_in('gaps') %}
select
    '{{ kind }}' as kind,
    *
from {{ ref(kind) }}
{{ 'union all by name' if not loop.last }}
{%- endfor %}
