with official as (
    select * from {{ source('build', 'official_indicator') }}
),

months as (
    select * from {{ ref('official_month') }}
),

today as (
    select * from {{ ref('division_indicator') }}
),

told as (
    select
        division_code,
        0 as none_found
    from today
    group by division_code
),

-- Where anything is told of a division, a category of a count that is not told is none.
compared as (
    select
        official.*,
        months.is_newest,
        coalesce(today.numerator, told.none_found) as numerator_now,
        today.denominator as denominator_now,
        coalesce(today.value, told.none_found) as value_now
    from official
    inner join months on official.month = months.month and official.revision = months.revision
    left join told on official.division_code = told.division_code and official.denominator is null
    left join today on official.division_code = today.division_code and official.indicator_id = today.indicator_id
)

select
    month,
    revision,
    is_newest,
    division_code,
    indicator_id,
    indicator,
    category,
    numerator,
    denominator,
    value,
    numerator_now,
    denominator_now,
    value_now,
    value_now - value as difference
from compared
