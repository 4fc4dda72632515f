{{ config(materialized='ephemeral') }}

with dwellings as (
    select *
    from {{ ref('core_housing_safety') }}
    where safety_grade in ('C', 'D') and renovation_status = '已竣工'
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('reassessment_due_days') }}
),

renovated as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        dwellings.safety_grade,
        coalesce(dwellings.assessed_on > dwellings.completed_on, false) as is_assessed_since,
        households.observed_on - dwellings.completed_on as days_since,
        thresholds.reassessment_due_days,
        {{ evidence('housing_safety', 'dwellings') }} as evidence
    from dwellings
    inner join households
        on
            dwellings.household_key = households.household_key
            and {{ counts_on('households.observed_on', 'dwellings') }}
    inner join thresholds
        on
            households.observed_on = thresholds.observed_on
            and households.division_code = thresholds.division_code
            and thresholds.population = 'all'
)

select
    household_key,
    cast(null as varchar) as person_key,
    any_value(division_code) as division_code,
    '住房改造已竣工，鉴定等级仍为 ' || max(safety_grade) || ' 级，'
    || case
        when bool_or(is_assessed_since) then '且为竣工后鉴定。'
        else
            '竣工后 ' || max(days_since) || ' 天未重新鉴定（期限 ' || {{ plain('max(reassessment_due_days)') }} || ' 天）。'
    end as explanation,
    'The renovation is completed, yet the dwelling is graded ' || max(safety_grade)
    || case
        when bool_or(is_assessed_since) then ', by an assessment after the works.'
        else
            ' and was not assessed again in the ' || max(days_since) || ' days since (due within '
            || {{ plain('max(reassessment_due_days)') }} || ').'
    end as explanation_en,
    list_sort(list(evidence)) as evidence,
    observed_on
from renovated
where is_assessed_since or days_since > reassessment_due_days
group by observed_on, household_key
