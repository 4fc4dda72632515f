{{ config(materialized='table') }}

with dates as (
    select observed_on from {{ ref('observation_date') }}
),

enrollments as (
    select * from {{ ref('core_education_enrollment') }}
),

dropouts as (
    select * from {{ ref('core_education_dropout') }}
),

-- To be compared with a return, a status without a date is as old as the batch that says it; no day is told for it.
departures as (
    select
        person_key,
        household_key,
        division_code,
        status_date as told_on,
        coalesce(status_date, as_of) as left_on,
        valid_from,
        valid_to,
        {{ evidence('education_enrollment') }} as evidence
    from enrollments
    where enrollment_status = '辍学'
    union all
    select
        person_key,
        household_key,
        division_code,
        dropped_out_on as told_on,
        dropped_out_on as left_on,
        valid_from,
        valid_to,
        {{ evidence('education_dropout') }} as evidence
    from dropouts
),

returns as (
    select
        dates.observed_on,
        dropouts.person_key,
        max(dropouts.returned_on) as returned_on
    from dropouts
    inner join dates on {{ counts_on('dates.observed_on', 'dropouts') }}
    where dropouts.return_status = '已劝返'
    group by dates.observed_on, dropouts.person_key
),

out_of_school as (
    select
        dates.observed_on,
        departures.person_key,
        max(departures.household_key) as household_key,
        max(departures.division_code) as division_code,
        max(departures.told_on) as told_on,
        list_sort(list(departures.evidence)) as evidence,
        list(distinct coalesce(strftime(departures.told_on, '%Y-%m-%d'), '')) as facts
    from departures
    inner join dates on {{ counts_on('dates.observed_on', 'departures') }}
    left join returns
        on
            dates.observed_on = returns.observed_on
            and departures.person_key = returns.person_key
    where returns.returned_on is null or returns.returned_on <= departures.left_on
    group by dates.observed_on, departures.person_key
)

select
    'EDU_DROPPED_OUT' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(null as double) as observed_value,
    cast(null as double) as threshold_value,
    coalesce(
        '自 ' || strftime(told_on, '%Y-%m-%d') || ' 起辍学，此后没有已劝返复学的记录。',
        '已辍学，起始日期未填，也没有其后已劝返复学的记录。'
    ) as explanation,
    coalesce(
        'Out of school since ' || strftime(told_on, '%Y-%m-%d') || ', and no return is recorded after that day.',
        'Out of school since a day that is not known, and no return is recorded after it.'
    ) as explanation_en,
    evidence,
    facts,
    observed_on
from out_of_school
