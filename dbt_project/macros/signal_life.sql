{#-
  The life of signals: one row per rule × household or person × episode, from the dates on which they hold and the answers
  from the door. An episode is an unbroken run of dates of judgement; it is split where what a check settled comes back on
  new evidence, and what a check dismissed stays dismissed for as long as nothing is added to its facts.

  `signals` names a model with the columns of models/signals/support/signal.yml.
-#}
{% macro signal_life(signals) -%}
with signals as (
    select
        rule_id,
        coalesce(person_key, household_key) as subject_key,
        coalesce(facts, [explanation]) as facts,
        observed_on
    from {{ ref(signals) }}
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
        row_number() over (order by observation_date.observed_on) as place,
        lead(observation_date.observed_on) over (order by observation_date.observed_on) as next_on
    from {{ ref('observation_date') }} as observation_date
    left join batches on observation_date.observed_on = batches.as_of
),

verifications as (
    select * from {{ ref('core_verification_result') }}
    where {{ counts_on(as_of()) }}
),

-- A rule about a person is about the same person in whatever household.
held as (
    select
        signals.rule_id,
        signals.subject_key,
        signals.facts,
        dates.observed_on,
        dates.known_at,
        dates.place - row_number() over (
            partition by signals.rule_id, signals.subject_key
            order by dates.place
        ) as run
    from signals
    inner join dates on signals.observed_on = dates.observed_on
),

known_as as (
    select
        subject_key,
        subject_key as known_key
    from held
    union
    select
        person_key as subject_key,
        former_person_key as known_key
    from {{ ref('person_key_history') }}
    where kind in ('merge', 'rekey')
),

-- A build that knew other batches may have named the signal after any date on which it holds, and any key of its person.
named as (
    select
        held.rule_id,
        held.subject_key,
        held.run,
        held.observed_on as named_on,
        {{ keyed('signal', "held.rule_id || '|' || known_as.known_key || '|' || held.observed_on") }} as signal_id
    from held
    inner join known_as on held.subject_key = known_as.subject_key
    where exists (select 1 from verifications)
),

-- An answer counts from the day of the check, and no earlier than the data that it answers.
answers as (
    select
        named.rule_id,
        named.subject_key,
        named.run,
        named.named_on,
        greatest(verifications.verified_on, named.named_on) as answered_on,
        verifications.finding,
        row_number() over answered as place,
        lead(greatest(verifications.verified_on, named.named_on)) over answered as next_answered_on
    from named
    inner join verifications on named.signal_id = verifications.signal_id
    window answered as (
        partition by named.rule_id, named.subject_key
        order by
            greatest(verifications.verified_on, named.named_on),
            named.named_on,
            verifications.as_of,
            verifications.batch_id desc,
            verifications.row_number
    )
),

-- What a check that found nothing (any more) had before it: all facts up to that day.
settled as (
    select
        answers.rule_id,
        answers.subject_key,
        answers.run,
        answers.answered_on,
        answers.next_answered_on,
        answers.finding,
        flatten(list(held.facts)) as facts
    from answers
    inner join held
        on
            answers.rule_id = held.rule_id
            and answers.subject_key = held.subject_key
            and answers.answered_on >= held.observed_on
    where answers.finding in ('不属实', '已解决')
    group by all
),

-- Trouble that was gone and is back is new, whatever its facts; what was never true is not.
compared as (
    select
        held.rule_id,
        held.subject_key,
        held.run,
        held.observed_on,
        settled.answered_on,
        settled.finding,
        not list_has_all(settled.facts, held.facts)
        or (settled.finding = '已解决' and settled.run <> held.run) as is_new
    from settled
    inner join held
        on
            settled.rule_id = held.rule_id
            and settled.subject_key = held.subject_key
            and settled.answered_on < held.observed_on
            and (settled.next_answered_on is null or settled.next_answered_on >= held.observed_on)
),

reopened as (
    select
        rule_id,
        subject_key,
        run,
        min(observed_on) as reopened_on
    from compared
    where is_new
    group by rule_id, subject_key, run, answered_on
),

split as (
    select
        held.*,
        reopened.reopened_on
    from held
    asof left join reopened
        on
            held.rule_id = reopened.rule_id
            and held.subject_key = reopened.subject_key
            and held.run = reopened.run
            and held.observed_on >= reopened.reopened_on
),

-- Named after the date of the episode that was known first: a batch that arrives late moves the opening, not the id.
episodes as (
    select
        rule_id,
        subject_key,
        min(observed_on) as opened_on,
        max(observed_on) as last_held_on,
        first(observed_on order by known_at asc nulls last, observed_on asc) as named_on
    from split
    group by rule_id, subject_key, run, reopened_on
),

newest_answers as (
    select
        episodes.rule_id,
        episodes.subject_key,
        episodes.opened_on,
        arg_max(answers.finding, answers.place) as finding,
        max(answers.answered_on) as answered_on
    from episodes
    inner join answers
        on
            episodes.rule_id = answers.rule_id
            and episodes.subject_key = answers.subject_key
            and answers.named_on between episodes.opened_on and episodes.last_held_on
    group by episodes.rule_id, episodes.subject_key, episodes.opened_on
),

told as (
    select
        episodes.*,
        newest_answers.finding,
        newest_answers.answered_on,
        case
            when newest_answers.finding = '已解决' then least(newest_answers.answered_on, dates.next_on)
            else dates.next_on
        end as ended_on,
        coalesce(newest_answers.finding = '不属实', compared.observed_on is not null) as is_dismissed
    from episodes
    inner join dates on episodes.last_held_on = dates.observed_on
    left join newest_answers
        on
            episodes.rule_id = newest_answers.rule_id
            and episodes.subject_key = newest_answers.subject_key
            and episodes.opened_on = newest_answers.opened_on
    left join compared
        on
            episodes.rule_id = compared.rule_id
            and episodes.subject_key = compared.subject_key
            and episodes.opened_on = compared.observed_on
            and compared.finding = '不属实'
            and not compared.is_new
)

select
    {{ keyed('signal', "rule_id || '|' || subject_key || '|' || named_on") }} as signal_id,
    rule_id,
    subject_key,
    opened_on,
    last_held_on,
    named_on,
    finding,
    answered_on,
    case
        when finding in ('不属实', '已解决') then answered_on
        when is_dismissed then opened_on
    end as settled_on,
    ended_on,
    case
        when is_dismissed then 'dismissed'
        when ended_on is not null then 'resolved'
        when finding = '属实' then 'verified'
        else 'open'
    end as status
from told
{%- endmacro %}
