{{ config(materialized='table') }}

with households as (
    select * from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('monitoring_line') }}
)

select
    'INC_BELOW_LINE' as rule_id,
    households.household_key,
    cast(null as varchar) as person_key,
    households.division_code,
    cast(households.per_capita_net_income as double) as observed_value,
    thresholds.monitoring_line as threshold_value,
    '家庭人均纯收入 ' || {{ yuan('households.per_capita_net_income') }}
    || ' 元，低于监测线 ' || {{ yuan('thresholds.monitoring_line') }} || ' 元。' as explanation,
    'Net income of ' || {{ yuan('households.per_capita_net_income') }}
    || ' yuan a head is below the line of ' || {{ yuan('thresholds.monitoring_line') }} || ' yuan.' as explanation_en,
    [{{ evidence('registry_member', 'households') }}] as evidence,
    [{{ yuan('households.per_capita_net_income') }}] as facts,
    households.observed_on
from households
inner join thresholds
    on
        households.observed_on = thresholds.observed_on
        and households.division_code = thresholds.division_code
        and thresholds.population = 'all'
where households.per_capita_net_income < thresholds.monitoring_line
