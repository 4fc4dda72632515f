with official as (
    select * from {{ source('build', 'official_indicator') }}
),

months as (
    select * from {{ ref('official_month') }}
),

today as (
    select * from {{ ref('division_indicator') }}
),

divisions_today as (
    select distinct division_code from today
),

-- Where anything is told of a division, a category of a count that is not told is none.
compared as (
    select
        official.*,
        months.is_newest,
        case
            when official.denominator is null and divisions_today.division_code is not null then coalesce(today.numerator, 0)
            else today.numerator
        end as numerator_now,
        today.denominator as denominator_now,
        case
            when official.denominator is null and divisions_today.division_code is not null then coalesce(today.value, 0)
            else today.value
        end as value_now
    from official
    inner join months on official.month = months.month and official.revision = months.revision
    left join divisions_today on official.division_code = divisions_today.division_code
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
