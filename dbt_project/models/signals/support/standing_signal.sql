with signals as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from {{ ref('row_signal') }}
),

episodes as (
    select * from {{ ref('row_signal_episode') }}
),

rules as (
    select * from {{ ref('rule') }}
)

select
    episodes.signal_id,
    signals.rule_id,
    rules.domain,
    rules.title_zh,
    rules.title_en,
    signals.household_key,
    signals.evidence,
    episodes.opened_on,
    signals.observed_on
from signals
inner join episodes
    on
        signals.rule_id = episodes.rule_id
        and signals.subject_key = episodes.subject_key
        and signals.observed_on between episodes.opened_on and episodes.last_held_on
inner join rules on signals.rule_id = rules.rule_id
where
    signals.household_key is not null
    and (episodes.settled_on is null or signals.observed_on < episodes.settled_on)
