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

-- D is repaired by rebuilding, so the grade cannot be the new dwelling's; C may be what it was before the repair.
renovated as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        dwellings.safety_grade,
        coalesce(dwellings.assessed_on > dwellings.completed_on, false) as is_assessed_since,
        {{ evidence('housing_safety', 'dwellings') }} as evidence
    from dwellings
    inner join households
        on
            dwellings.household_key = households.household_key
            and {{ counts_on('households.observed_on', 'dwellings') }}
)

select
    household_key,
    cast(null as varchar) as person_key,
    any_value(division_code) as division_code,
    '住房改造已竣工，鉴定等级仍为 ' || max(safety_grade) || ' 级'
    || case when bool_or(is_assessed_since) then '，且为竣工后鉴定。' else '，没有竣工后的鉴定。' end as explanation,
    'The renovation is completed, yet the dwelling is graded ' || max(safety_grade)
    || case
        when bool_or(is_assessed_since) then ', by an assessment after the works.'
        else ', and no assessment after the works is known.'
    end as explanation_en,
    list_sort(list(evidence)) as evidence,
    observed_on
from renovated
where safety_grade = 'D' or is_assessed_since
group by observed_on, household_key
