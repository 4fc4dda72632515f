{{ config(materialized='ephemeral') }}

with dates as (
    select observed_on from {{ ref('observation_date') }}
),

households as (
    select * from {{ ref('core_household') }}
),

members as (
    select * from {{ ref('core_registry_member') }}
),

major_illnesses as (
    select * from {{ ref('core_health_major_illness') }}
),

chronic_diseases as (
    select * from {{ ref('core_health_chronic_disease') }}
),

settlements as (
    select * from {{ ref('core_health_settlement') }}
),

kinds as (
    select * from {{ ref('gap_kind') }} where kind = 'illness_risk_without_illness'
),

thresholds as (
    {{ policy('illness_lookback_days') }}
),

-- Settlements arrive month by month: what came before a county's first ones is not known.
settled_since as (
    select
        county_code,
        cast(date_trunc('month', min(settled_on)) as date) as first_month
    from settlements
    group by county_code
),

-- Where every medical feed has told of the village by then.
covered as (
    select
        coverage.division_code,
        max(coverage.covered_from) as covered_from
    from {{ ref('feed_coverage') }} as coverage
    inner join kinds on list_contains(kinds.absence_feeds, coverage.feed)
    group by coverage.division_code, kinds.absence_feeds
    having count(*) = len(kinds.absence_feeds)
),

at_risk as (
    select
        dates.observed_on,
        households.*,
        thresholds.illness_lookback_days,
        dates.observed_on - cast(thresholds.illness_lookback_days as integer) as seen_from
    from households
    inner join dates on {{ counts_on('dates.observed_on', 'households') }}
    inner join covered
        on
            households.division_code = covered.division_code
            and dates.observed_on >= covered.covered_from
    inner join settled_since on households.county_code = settled_since.county_code
    inner join thresholds
        on
            dates.observed_on = thresholds.observed_on
            and households.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where
        households.is_monitored
        and not coalesce(households.is_risk_eliminated, false)
        and list_contains(string_split_regex(households.main_risk, '[,，、;；|/\s]+'), '因病')
        and settled_since.first_month
        <= date_trunc('month', dates.observed_on - cast(thresholds.illness_lookback_days as integer)) + interval 1 month
),

members_at_risk as (
    select
        at_risk.observed_on,
        at_risk.household_key,
        at_risk.seen_from,
        members.person_key,
        members.health_status
    from at_risk
    inner join members
        on
            at_risk.household_key = members.household_key
            and {{ counts_on('at_risk.observed_on', 'members') }}
),

ill as (
    select
        observed_on,
        household_key
    from members_at_risk
    where regexp_matches(health_status, '大病|慢性病')
    union
    select
        members_at_risk.observed_on,
        members_at_risk.household_key
    from members_at_risk
    inner join major_illnesses
        on
            members_at_risk.person_key = major_illnesses.person_key
            and members_at_risk.observed_on >= major_illnesses.valid_from
    union
    select
        members_at_risk.observed_on,
        members_at_risk.household_key
    from members_at_risk
    inner join chronic_diseases
        on
            members_at_risk.person_key = chronic_diseases.person_key
            and members_at_risk.observed_on >= chronic_diseases.valid_from
    union
    select
        members_at_risk.observed_on,
        members_at_risk.household_key
    from members_at_risk
    inner join settlements
        on
            members_at_risk.person_key = settlements.person_key
            and {{ counts_on('members_at_risk.observed_on', 'settlements') }}
            and settlements.settled_on > members_at_risk.seen_from
            and settlements.settled_on <= members_at_risk.observed_on
),

unsupported as (
    select at_risk.*
    from at_risk
    anti join ill
        on
            at_risk.observed_on = ill.observed_on
            and at_risk.household_key = ill.household_key
    qualify row_number() over (
        partition by at_risk.observed_on, at_risk.household_key
        order by at_risk.as_of desc, at_risk.batch_id asc, at_risk.row_number asc
    ) = 1
),

doubts as (
    {{ doubts_about_household('illness_risk_without_illness', 'unsupported') }}
)

select
    unsupported.household_key,
    cast(null as varchar) as person_key,
    unsupported.division_code,
    unsupported.household_type || '，主要风险含因病，而其家庭成员没有大病、慢病记录，'
    || {{ plain('unsupported.illness_lookback_days') }} || ' 天内也没有医保结算。' as explanation,
    'Monitored for illness, yet none of the household is known to be ill, and none had a settlement in '
    || {{ plain('unsupported.illness_lookback_days') }} || ' days.' as explanation_en,
    [{{ evidence('registry_member', 'unsupported') }}] as evidence,
    doubts.doubts,
    unsupported.observed_on
from unsupported
left join doubts
    on
        unsupported.observed_on = doubts.observed_on
        and unsupported.household_key = doubts.household_key
