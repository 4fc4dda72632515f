with expenses as (
    select * from {{ ref('medical_expense') }}
),

settlements as (
    select * from {{ ref('core_health_settlement') }}
),

households as (
    select * from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('rigid_spending_share') }}
),

spent as (
    select
        observed_on,
        household_key,
        sum(out_of_pocket) as out_of_pocket
    from expenses
    where household_key is not null
    group by observed_on, household_key
),

rigid as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        spent.out_of_pocket,
        households.per_capita_net_income * households.members as income,
        thresholds.rigid_spending_share,
        {{ evidence('registry_member', 'households') }} as register
    from spent
    inner join households
        on
            spent.observed_on = households.observed_on
            and spent.household_key = households.household_key
    inner join thresholds
        on
            households.observed_on = thresholds.observed_on
            and households.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where
        spent.out_of_pocket
        > thresholds.rigid_spending_share * households.per_capita_net_income * households.members
),

settled as (
    select
        rigid.observed_on,
        rigid.household_key,
        {{ evidence_list('health_settlement', 'settlements') }} as evidence,
        list(distinct settlements.settlement_id) as facts
    from rigid
    inner join settlements
        on
            rigid.household_key = settlements.household_key
            and {{ counts_in_year_to('rigid.observed_on', 'settlements', 'settled_on') }}
    group by rigid.observed_on, rigid.household_key
)

select
    'EXP_RIGID_SPENDING' as rule_id,
    rigid.household_key,
    cast(null as varchar) as person_key,
    rigid.division_code,
    cast(rigid.out_of_pocket / nullif(rigid.income, 0) as double) as observed_value,
    rigid.rigid_spending_share as threshold_value,
    '近 365 天家庭医疗费用个人自付 ' || {{ yuan('rigid.out_of_pocket') }} || ' 元，超过家庭年收入 '
    || {{ yuan('rigid.income') }} || ' 元的 ' || {{ plain('100 * rigid.rigid_spending_share') }} || '%。' as explanation,
    'The household paid ' || {{ yuan('rigid.out_of_pocket') }} || ' yuan for treatment in 365 days, more than '
    || {{ plain('100 * rigid.rigid_spending_share') }} || '% of its income of ' || {{ yuan('rigid.income') }}
    || ' yuan a year.' as explanation_en,
    [rigid.register] || settled.evidence as evidence,
    settled.facts || [{{ yuan('rigid.income') }}] as facts,
    rigid.observed_on
from rigid
inner join settled
    on
        rigid.observed_on = settled.observed_on
        and rigid.household_key = settled.household_key
