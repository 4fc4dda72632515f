with signals as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from {{ ref('signal') }}
    where observed_on = {{ as_of() }}
),

episodes as (
    select * from {{ ref('signal_episode') }}
    where last_held_on = {{ as_of() }}
),

rules as (
    select * from {{ ref('rule') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

households as (
    select * from {{ ref('dim_household') }}
),

verifications as (
    select * from {{ ref('core_verification_result') }}
    where {{ counts_on(as_of()) }}
),

-- Ids under which a build that knew other batches may have handed the signal to a township.
known_ids as (
    select
        episodes.rule_id,
        episodes.subject_key,
        {{ keyed('signal', "episodes.rule_id || '|' || episodes.subject_key || '|' || held.held_on") }} as signal_id
    from episodes, unnest(episodes.held_on) as held (held_on)
    where exists (select 1 from verifications)
),

answers as (
    select
        known_ids.rule_id,
        known_ids.subject_key,
        verifications.finding
    from known_ids
    inner join verifications on known_ids.signal_id = verifications.signal_id
    qualify row_number() over (
        partition by known_ids.rule_id, known_ids.subject_key
        order by
            verifications.verified_on desc,
            verifications.as_of desc,
            verifications.batch_id asc,
            verifications.row_number desc
    ) = 1
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
    case answers.finding
        when '属实' then 'verified'
        when '不属实' then 'dismissed'
        else 'open'
    end as status
from signals
inner join rules on signals.rule_id = rules.rule_id
inner join episodes
    on
        signals.rule_id = episodes.rule_id
        and signals.subject_key = episodes.subject_key
left join persons on signals.person_key = persons.person_key
left join households on coalesce(persons.household_key, signals.household_key) = households.household_key
left join answers
    on
        signals.rule_id = answers.rule_id
        and signals.subject_key = answers.subject_key
