with dates as (
    select observed_on from {{ ref('observation_date') }}
),

diseases as (
    select * from {{ ref('core_health_chronic_disease') }}
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('chronic_follow_up_days') }}
),

-- The age of a follow-up is its age when the batch was drawn up: a ledger that arrives late makes nobody overdue.
contracted as (
    select
        dates.observed_on,
        diseases.person_key,
        diseases.household_key,
        coalesce(households.division_code, diseases.division_code, '') as division_code,
        diseases.as_of - diseases.last_follow_up_on as waited_days,
        concat_ws(' ', diseases.disease, strftime(diseases.last_follow_up_on, '%Y-%m-%d')) as fact,
        diseases.batch_id,
        diseases.row_number
    from diseases
    inner join dates on {{ counts_on('dates.observed_on', 'diseases') }}
    left join households
        on
            dates.observed_on = households.observed_on
            and diseases.household_key = households.household_key
    where diseases.contract_status = '已签约'
),

overdue as (
    select
        contracted.observed_on,
        contracted.person_key,
        max(contracted.household_key) as household_key,
        max(contracted.division_code) as division_code,
        max(contracted.waited_days) as waited_days,
        max(thresholds.chronic_follow_up_days) as chronic_follow_up_days,
        {{ evidence_list('health_chronic_disease', 'contracted') }} as evidence,
        list(distinct contracted.fact) as facts
    from contracted
    inner join thresholds
        on
            contracted.observed_on = thresholds.observed_on
            and contracted.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where contracted.waited_days > thresholds.chronic_follow_up_days
    group by contracted.observed_on, contracted.person_key
)

select
    'MED_CHRONIC_FOLLOW_UP_OVERDUE' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(waited_days as double) as observed_value,
    chronic_follow_up_days as threshold_value,
    '已签约慢性病患者，截至数据日期已有 ' || waited_days || ' 天未随访，超过 '
    || {{ plain('chronic_follow_up_days') }} || ' 天。' as explanation,
    'Contracted, but the last follow-up was ' || waited_days || ' days before the data were drawn up; at most '
    || {{ plain('chronic_follow_up_days') }} || ' are allowed.' as explanation_en,
    evidence,
    facts,
    observed_on
from overdue
