{{ config(materialized='ephemeral') }}

with signals as (
    select * from {{ ref('risk_signal') }} where status = 'open'
),

gaps as (
    select * from {{ ref('coverage_gap') }}
),

episodes as (
    select * from {{ ref('signal_episode') }}
),

dates as (
    select observed_on from {{ ref('observation_date') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

households as (
    select * from {{ ref('dim_household') }}
),

thresholds as (
    {{ policy('verification_due_days') }}
),

due as (
    select
        division_code,
        cast(verification_due_days as integer) as verification_due_days
    from thresholds
    where observed_on = {{ as_of() }} and population = 'all'
),

open_signals as (
    select
        signals.rule_id,
        signals.division_code,
        signals.first_detected_on
        + coalesce(due.verification_due_days, due_anywhere.verification_due_days) < {{ as_of() }} as is_overdue
    from signals
    left join due on signals.division_code = due.division_code
    left join due as due_anywhere on due_anywhere.division_code = ''
),

-- Where the household or person is on D.
lives as (
    select
        episodes.rule_id,
        coalesce(households.division_code, persons.division_code) as division_code,
        episodes.opened_on,
        (select min(dates.observed_on) from dates where dates.observed_on > episodes.last_held_on) as ended_on
    from episodes
    left join persons on episodes.subject_key = persons.person_key
    left join households on coalesce(persons.household_key, episodes.subject_key) = households.household_key
),

told as (
    select
        'signals_open' as indicator,
        rule_id as category,
        division_code
    from open_signals
    union all
    select
        'signals_overdue' as indicator,
        rule_id as category,
        division_code
    from open_signals
    where is_overdue
    union all
    select
        'signals_opened' as indicator,
        rule_id as category,
        division_code
    from lives
    where opened_on > {{ as_of() }} - interval 1 month
    union all
    select
        'signals_resolved' as indicator,
        rule_id as category,
        division_code
    from lives
    where ended_on > {{ as_of() }} - interval 1 month
    union all
    select
        'coverage_gaps' as indicator,
        kind as category,
        division_code
    from gaps
)

select
    indicator,
    category,
    division_code,
    count(*) as numerator
from told
group by grouping sets ((indicator, division_code, category), (indicator, division_code))
