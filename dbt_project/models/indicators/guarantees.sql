{%- set domains = guarantees() | list -%}
{{ config(materialized='ephemeral') }}

with profiles as (
    select * from {{ ref('household_profile') }}
),

-- All of them: false where one is, not known where one is not known and none is false.
guarantees as (
    {%- for domain in domains %}
    select
        division_code,
        '{{ domain }}' as category,
        is_{{ domain }}_secured as is_secured
    from profiles
    union all
    {%- endfor %}
    select
        division_code,
        cast(null as varchar) as category,
        {% for domain in domains -%}
        is_{{ domain }}_secured {{ 'and' if not loop.last else 'as is_secured' }}
        {% endfor -%}
    from profiles
)

select
    'guarantee_rate' as indicator,
    category,
    division_code,
    count(*) filter (where is_secured) as numerator,
    count(is_secured) as denominator
from guarantees
group by division_code, category
