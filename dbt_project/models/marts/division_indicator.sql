with told as (
    {%- for name in models_in('indicators') %}
    select * from {{ ref(name) }}
    {{ 'union all by name' if not loop.last }}
    {%- endfor %}
),

indicators as (
    select * from {{ ref('indicator') }}
),

within as (
    select * from {{ ref('division_within') }}
),

added as (
    select
        within.within_code as division_code,
        told.indicator,
        told.category,
        sum(told.numerator) as numerator,
        sum(told.denominator) as denominator
    from told
    inner join within on told.division_code = within.division_code
    group by within.within_code, told.indicator, told.category
),

-- Where anything is told of a division, every indicator is: nothing found is 0.
cells as (
    select
        division_code,
        indicator,
        category
    from added
    union
    select
        places.division_code,
        indicators.indicator,
        cast(null as varchar) as category
    from (select distinct division_code from added) as places
    cross join indicators
)

select
    {{ as_of() }} as as_of,
    cells.division_code,
    cells.indicator || coalesce('.' || cells.category, '') as indicator_id,
    cells.indicator,
    cells.category,
    cast(coalesce(added.numerator, 0) as bigint) as numerator,
    cast(case when indicators.is_rate then coalesce(added.denominator, 0) end as bigint) as denominator,
    case
        when indicators.is_rate then added.numerator / nullif(added.denominator, 0)
        else cast(coalesce(added.numerator, 0) as double)
    end as value -- noqa: RF04
from cells
left join indicators on cells.indicator = indicators.indicator
left join added
    on
        cells.division_code = added.division_code
        and cells.indicator = added.indicator
        and cells.category is not distinct from added.category
