with statements as (
    select * from {{ ref('core_household') }}
    where per_capita_net_income is not null
),

households as (
    select * from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('income_fall_share') }}
),

compared as (
    select
        household_key,
        per_capita_net_income as income,
        as_of as stated_on,
        lag(per_capita_net_income) over stated as earlier_income,
        lag(as_of) over stated as earlier_stated_on,
        lag({{ evidence('registry_member') }}) over stated as earlier
    from statements
    window stated as (partition by household_key order by as_of, batch_id)
),

-- The same income told again is no news: a fall stands until another income is stated.
changes as (
    select
        *,
        lead(stated_on) over (partition by household_key order by stated_on) as restated_on
    from compared
    where income <> earlier_income
),

fallen as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        changes.income,
        changes.earlier_income,
        changes.earlier_stated_on,
        1 - changes.income / changes.earlier_income as fall,
        thresholds.income_fall_share,
        list_sort(list_distinct([{{ evidence('registry_member', 'households') }}, changes.earlier])) as evidence
    from changes
    inner join households
        on
            changes.household_key = households.household_key
            and changes.stated_on <= households.observed_on
            and (changes.restated_on is null or changes.restated_on > households.observed_on)
            and changes.income = households.per_capita_net_income
    inner join thresholds
        on
            households.observed_on = thresholds.observed_on
            and households.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where changes.income < changes.earlier_income * (1 - thresholds.income_fall_share)
)

select
    'INC_FELL' as rule_id,
    household_key,
    cast(null as varchar) as person_key,
    division_code,
    cast(fall as double) as observed_value,
    income_fall_share as threshold_value,
    '家庭人均纯收入由 ' || strftime(earlier_stated_on, '%Y-%m-%d') || ' 名册的 ' || {{ yuan('earlier_income') }}
    || ' 元降到 ' || {{ yuan('income') }} || ' 元，降幅 ' || {{ plain('round(100 * fall, 1)') }} || '%，超过 '
    || {{ plain('100 * income_fall_share') }} || '%。' as explanation,
    'Net income a head fell from ' || {{ yuan('earlier_income') }} || ' yuan (register of '
    || strftime(earlier_stated_on, '%Y-%m-%d') || ') to ' || {{ yuan('income') }} || ' yuan, by '
    || {{ plain('round(100 * fall, 1)') }} || '%, more than ' || {{ plain('100 * income_fall_share') }}
    || '%.' as explanation_en,
    evidence,
    [{{ yuan('earlier_income') }} || ' ' || {{ yuan('income') }}] as facts,
    observed_on
from fallen
