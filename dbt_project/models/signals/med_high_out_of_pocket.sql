with expenses as (
    select * from {{ ref('medical_expense') }}
),

settlements as (
    select * from {{ ref('core_health_settlement') }}
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

low_income as (
    select * from {{ ref('low_income_subject') }}
),

thresholds as (
    {{ policy('medical_out_of_pocket') }}
),

measured as (
    select
        expenses.observed_on,
        expenses.person_key,
        expenses.household_key,
        expenses.out_of_pocket,
        coalesce(households.division_code, expenses.division_code, '') as division_code,
        case when low_income.subject_key is null then 'other' else 'low_income' end as population
    from expenses
    left join households
        on
            expenses.observed_on = households.observed_on
            and expenses.household_key = households.household_key
    left join low_income
        on
            expenses.observed_on = low_income.observed_on
            and coalesce(expenses.household_key, expenses.person_key) = low_income.subject_key
),

high as (
    select
        measured.*,
        thresholds.medical_out_of_pocket
    from measured
    inner join thresholds
        on
            measured.observed_on = thresholds.observed_on
            and measured.division_code = thresholds.division_code
            and measured.population = thresholds.population
    where measured.out_of_pocket >= thresholds.medical_out_of_pocket
),

settled as (
    select
        high.observed_on,
        high.person_key,
        {{ evidence_list('health_settlement', 'settlements') }} as evidence,
        list(distinct settlements.settlement_id) as facts
    from high
    inner join settlements
        on
            high.person_key = settlements.person_key
            and {{ counts_in_year_to('high.observed_on', 'settlements', 'settled_on') }}
    group by high.observed_on, high.person_key
)

select
    'MED_HIGH_OUT_OF_POCKET' as rule_id,
    high.household_key,
    high.person_key,
    high.division_code,
    cast(high.out_of_pocket as double) as observed_value,
    high.medical_out_of_pocket as threshold_value,
    '近 365 天医疗费用个人自付 ' || {{ yuan('high.out_of_pocket') }} || ' 元，达到'
    || case high.population when 'low_income' then '低收入人口' else '其他人口' end
    || '预警标准 ' || {{ yuan('high.medical_out_of_pocket') }} || ' 元。' as explanation,
    'Paid ' || {{ yuan('high.out_of_pocket') }} || ' yuan for treatment in 365 days, at or above '
    || {{ yuan('high.medical_out_of_pocket') }} || ' yuan ('
    || case high.population when 'low_income' then 'low-income population' else 'other population' end
    || ').' as explanation_en,
    settled.evidence,
    settled.facts,
    high.observed_on
from high
inner join settled
    on
        high.observed_on = settled.observed_on
        and high.person_key = settled.person_key
