with signals as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from {{ ref('signal') }}
    where observed_on = {{ as_of() }}
),

episodes as (
    select * from {{ ref('signal_episode') }}
    where ended_on is null
),

rules as (
    select * from {{ ref('rule') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

households as (
    select * from {{ ref('dim_household') }}
)

select
    episodes.signal_id,
    signals.rule_id,
    rules.domain,
    rules.severity,
    households.household_key,
    households.household_code,
    signals.person_key,
    coalesce(households.division_code, persons.division_code, signals.division_code) as division_code,
    signals.observed_value,
    signals.threshold_value,
    signals.explanation,
    signals.explanation_en,
    signals.evidence,
    episodes.opened_on as first_detected_on,
    episodes.status
from signals
inner join rules on signals.rule_id = rules.rule_id
inner join episodes
    on
        signals.rule_id = episodes.rule_id
        and signals.subject_key = episodes.subject_key
left join persons on signals.person_key = persons.person_key
left join households on coalesce(persons.household_key, signals.household_key) = households.household_key
