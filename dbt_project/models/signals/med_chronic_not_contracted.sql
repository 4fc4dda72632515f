with dates as (
    select observed_on from {{ ref('observation_date') }}
),

diseases as (
    select * from {{ ref('core_health_chronic_disease') }}
),

not_contracted as (
    select
        dates.observed_on,
        diseases.person_key,
        max(diseases.household_key) as household_key,
        max(diseases.division_code) as division_code,
        count(*) as cases,
        {{ evidence_list('health_chronic_disease', 'diseases') }} as evidence,
        list(distinct diseases.disease || ' ' || diseases.contract_status) as facts
    from diseases
    inner join dates on {{ counts_on('dates.observed_on', 'diseases') }}
    where diseases.contract_status <> '已签约'
    group by dates.observed_on, diseases.person_key
)

select
    'MED_CHRONIC_NOT_CONTRACTED' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(null as double) as observed_value,
    cast(null as double) as threshold_value,
    '有 ' || cases || ' 种慢性病没有家庭医生签约服务。' as explanation,
    cases || ' chronic disease(s) without a contract with a family doctor.' as explanation_en,
    evidence,
    facts,
    observed_on
from not_contracted
