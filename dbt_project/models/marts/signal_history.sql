with signals as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from {{ ref('signal') }}
),

episodes as (
    select * from {{ ref('signal_episode') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

households as (
    select * from {{ ref('dim_household') }}
)

-- A signal is where its person or household is on D, else where it was when the signal last held.
select
    episodes.signal_id,
    episodes.rule_id,
    coalesce(persons.household_key, signals.household_key) as household_key,
    signals.person_key,
    coalesce(households.division_code, persons.division_code, signals.division_code) as division_code,
    episodes.opened_on,
    episodes.ended_on,
    episodes.status,
    episodes.finding,
    episodes.answered_on,
    signals.explanation,
    signals.explanation_en,
    signals.evidence
from episodes
inner join signals
    on
        episodes.rule_id = signals.rule_id
        and episodes.subject_key = signals.subject_key
        and episodes.last_held_on = signals.observed_on
left join persons on signals.person_key = persons.person_key
left join households on coalesce(persons.household_key, signals.household_key) = households.household_key
