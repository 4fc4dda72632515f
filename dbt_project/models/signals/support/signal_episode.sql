with signals as (
    select
        rule_id,
        household_key,
        person_key,
        observed_on
    from {{ ref('signal') }}
),

batches as (
    select
        as_of,
        min(received_at) as known_at
    from {{ source('build', 'batch') }}
    where counts
    group by as_of
),

dates as (
    select
        observation_date.observed_on,
        batches.known_at,
        row_number() over (order by observation_date.observed_on) as place
    from {{ ref('observation_date') }} as observation_date
    left join batches on observation_date.observed_on = batches.as_of
),

-- A rule about a person is about the same person in whatever household.
held as (
    select distinct
        signals.rule_id,
        coalesce(signals.person_key, signals.household_key) as subject_key,
        dates.observed_on,
        dates.known_at,
        dates.place
    from signals
    inner join dates on signals.observed_on = dates.observed_on
),

runs as (
    select
        *,
        place - row_number() over (partition by rule_id, subject_key order by place) as run
    from held
),

episodes as (
    select
        rule_id,
        subject_key,
        min(observed_on) as opened_on,
        max(observed_on) as last_held_on,
        first(observed_on order by known_at asc nulls last, observed_on asc) as named_on,
        list(observed_on order by observed_on asc) as held_on
    from runs
    group by rule_id, subject_key, run
)

-- Named after the date of the run that was known first: a batch that arrives late moves the opening, not the id.
select
    {{ keyed('signal', "rule_id || '|' || subject_key || '|' || named_on") }} as signal_id,
    *
from episodes
