{{ config(materialized='ephemeral') }}

with batches as (
    select * from {{ source('build', 'batch') }}
    where counts and as_of > {{ as_of() }} - interval 1 year
),

feeds as (
    select * from {{ source('build', 'feed') }}
),

coverage as (
    select * from {{ ref('batch_coverage') }}
),

villages as (
    select distinct division_code from {{ ref('dim_household') }}
),

thresholds as (
    {{ policy('delivery_due_days') }}
),

due as (
    select
        observed_on,
        division_code,
        cast(delivery_due_days as integer) as delivery_due_days
    from thresholds
    where population = 'all'
),

awaited_feeds as (
    select
        feed,
        department,
        months_between
    from feeds
    where months_between is not null
),

newest as (
    select
        feed,
        division_code,
        max(as_of) as as_of
    from coverage
    group by feed, division_code
),

awaited as (
    select
        awaited_feeds.department,
        villages.division_code,
        newest.as_of + to_months(awaited_feeds.months_between) + to_days(due.delivery_due_days)
        >= {{ as_of() }} as is_current
    from villages
    inner join due on villages.division_code = due.division_code and due.observed_on = {{ as_of() }}
    cross join awaited_feeds
    left join newest
        on villages.division_code = newest.division_code and awaited_feeds.feed = newest.feed
),

-- What was drawn up for a day is told when its first batch arrives; a correction is not late.
told as (
    select
        coverage.feed,
        coverage.division_code,
        coverage.as_of,
        cast(min(batches.received_at) as date) as told_on
    from coverage
    inner join villages on coverage.division_code = villages.division_code
    inner join batches on coverage.batch_id = batches.batch_id
    group by coverage.feed, coverage.division_code, coverage.as_of
),

arrived as (
    select
        awaited_feeds.department,
        told.division_code,
        told.told_on <= told.as_of + due.delivery_due_days as is_punctual
    from told
    inner join awaited_feeds on told.feed = awaited_feeds.feed
    inner join due on told.division_code = due.division_code and told.as_of = due.observed_on
),

rows_of_batches as (
    select
        feeds.department,
        batches.scope as division_code,
        batches.rows_accepted,
        batches.rows_received - batches.rows_duplicate as rows_told
    from batches
    inner join feeds on batches.feed = feeds.feed
)

select
    'delivery_completeness_rate' as indicator,
    department as category,
    division_code,
    count(*) filter (where is_current) as numerator,
    count(*) as denominator
from awaited
group by grouping sets ((division_code, department), (division_code))
union all
select
    'delivery_punctuality_rate' as indicator,
    department as category,
    division_code,
    count(*) filter (where is_punctual) as numerator,
    count(*) as denominator
from arrived
group by grouping sets ((division_code, department), (division_code))
union all
select
    'rows_accepted_rate' as indicator,
    department as category,
    division_code,
    sum(rows_accepted) as numerator,
    sum(rows_told) as denominator
from rows_of_batches
group by grouping sets ((division_code, department), (division_code))
