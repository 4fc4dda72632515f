with rules as (
    select
        rule_id,
        absence_feed,
        absence_period,
        absence_statuses
    from {{ ref('rule') }}
    where absence_feed is not null
),

hits as (
    select
        rule_id,
        household_key,
        person_key,
        observed_on
    from {{ ref('rule_hit') }}
),

newest_months as (
    select distinct
        observed_on,
        paying_county,
        month
    from {{ ref('assistance_month') }}
),

doubts as (
    select * from {{ ref('absence_silence') }}
),

households_held_back as (
    select * from {{ ref('household_held_back') }}
),

memberships as (
    select distinct
        person_key,
        household_key
    from {{ ref('core_registry_member') }}
    where household_key is not null
),

doubts_about as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from doubts
    union all by name
    select
        doubts.* replace (memberships.household_key as household_key),
        memberships.household_key as subject_key
    from doubts
    inner join memberships on doubts.person_key = memberships.person_key
    union all by name
    select
        *,
        'registry_member' as feed,
        household_key as subject_key
    from households_held_back
)

select
    hits.rule_id,
    hits.household_key,
    hits.person_key,
    hits.observed_on,
    doubts_about.feed,
    doubts_about.batch_id,
    doubts_about.row_number
from hits
inner join rules on hits.rule_id = rules.rule_id
inner join doubts_about
    on
        rules.absence_feed = doubts_about.feed
        and coalesce(hits.person_key, hits.household_key) = doubts_about.subject_key
        and {{ counts_on('hits.observed_on', 'doubts_about') }}
left join newest_months
    on
        rules.absence_period = 'newest_month'
        and hits.observed_on = newest_months.observed_on
        and doubts_about.paying_county = newest_months.paying_county
where {{ may_be_what_is_missed('doubts_about', 'rules', 'newest_months') }}
