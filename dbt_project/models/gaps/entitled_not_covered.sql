{{ config(materialized='ephemeral') }}

with households as (
    select * from {{ ref('registry_household') }} where is_at_risk
),

below_line as (
    select * from {{ ref('inc_below_line') }}
),

payments as (
    select * from {{ ref('assistance_month') }}
),

coverage as (
    select * from {{ ref('feed_coverage') }} where feed = 'civil_assistance'
),

newest_months as (
    select distinct
        observed_on,
        paying_county,
        month
    from payments
),

receiving as (
    select distinct
        observed_on,
        household_key
    from payments
    where payment_status = '在享' and household_key is not null
),

uncovered as (
    select
        below_line.observed_on,
        below_line.household_key,
        below_line.division_code,
        below_line.observed_value,
        below_line.threshold_value,
        below_line.evidence,
        households.household_type,
        newest_months.month
    from below_line
    inner join households
        on
            below_line.observed_on = households.observed_on
            and below_line.household_key = households.household_key
    inner join coverage
        on
            below_line.division_code = coverage.division_code
            and below_line.observed_on >= coverage.covered_from
    inner join newest_months
        on
            below_line.observed_on = newest_months.observed_on
            and {{ county_code('below_line.division_code') }} = newest_months.paying_county
    anti join receiving
        on
            below_line.observed_on = receiving.observed_on
            and below_line.household_key = receiving.household_key
),

doubts as (
    {{ doubts_about_household('entitled_not_covered', 'uncovered') }}
)

select
    uncovered.household_key,
    cast(null as varchar) as person_key,
    uncovered.division_code,
    uncovered.household_type || '，人均纯收入 ' || {{ yuan('uncovered.observed_value') }} || ' 元，低于监测线 '
    || {{ yuan('uncovered.threshold_value') }} || ' 元，而本县最新发放月份 ' || uncovered.month
    || ' 家庭成员均不在享任何救助。' as explanation,
    'Monitored, with a net income of ' || {{ yuan('uncovered.observed_value') }} || ' yuan a head below the line of '
    || {{ yuan('uncovered.threshold_value') }} || ' yuan, yet in ' || uncovered.month
    || ', the county''s newest month, nobody of the household receives assistance.' as explanation_en,
    uncovered.evidence,
    doubts.doubts,
    uncovered.observed_on
from uncovered
left join doubts
    on
        uncovered.observed_on = doubts.observed_on
        and uncovered.household_key = doubts.household_key
