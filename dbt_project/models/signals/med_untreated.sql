with dates as (
    select observed_on from {{ ref('observation_date') }}
),

illnesses as (
    select * from {{ ref('core_health_major_illness') }}
),

untreated as (
    select
        dates.observed_on,
        illnesses.person_key,
        max(illnesses.household_key) as household_key,
        max(illnesses.division_code) as division_code,
        count(*) as cases,
        {{ evidence_list('health_major_illness', 'illnesses') }} as evidence,
        list(distinct illnesses.illness) as facts
    from illnesses
    inner join dates on {{ counts_on('dates.observed_on', 'illnesses') }}
    where illnesses.treatment_status = '未救治'
    group by dates.observed_on, illnesses.person_key
)

select
    'MED_UNTREATED' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(null as double) as observed_value,
    cast(null as double) as threshold_value,
    '大病救治台账中有 ' || cases || ' 种大病登记为未救治。' as explanation,
    cases || ' major illness(es) stand as untreated in the treatment ledger.' as explanation_en,
    evidence,
    facts,
    observed_on
from untreated
