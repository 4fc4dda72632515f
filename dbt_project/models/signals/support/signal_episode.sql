with signals as (
    select
        rule_id,
        household_key,
        person_key,
        observed_on
    from {{ ref('signal') }}
),

dates as (
    select
        observed_on,
        row_number() over (order by observed_on) as place
    from {{ ref('observation_date') }}
),

-- A rule about a person is about the same person in whatever household.
held as (
    select distinct
        signals.rule_id,
        coalesce(signals.person_key, signals.household_key) as subject_key,
        dates.observed_on,
        dates.place
    from signals
    inner join dates on signals.observed_on = dates.observed_on
),

runs as (
    select
        *,
        place - row_number() over (partition by rule_id, subject_key order by place) as run
    from held
)

select
    rule_id,
    subject_key,
    min(observed_on) as opened_on,
    max(observed_on) as last_held_on,
    list(observed_on order by observed_on) as held_on
from runs
group by rule_id, subject_key, run
