{{ config(materialized='ephemeral') }}

with monitored as (
    select * from {{ ref('dim_household') }} where is_monitored
),

households as (
    select
        household_key,
        main_risk
    from {{ ref('core_household') }}
    where {{ counts_on(as_of()) }}
    qualify row_number() over (
        partition by household_key
        order by as_of desc, batch_id asc, row_number asc
    ) = 1
),

risk_types as (
    select * from {{ ref('risk_type') }}
),

written as (
    select
        household_key,
        unnest(string_split_regex(trim(main_risk), '[,，、;；|/\s]+')) as main_risk
    from households
    where trim(main_risk) <> ''
),

named as (
    select distinct
        written.household_key,
        coalesce(risk_types.risk_type, '其他') as risk_type
    from written
    left join risk_types on written.main_risk = risk_types.main_risk
    where written.main_risk <> ''
),

risks as (
    select
        monitored.division_code,
        monitored.household_key,
        coalesce(monitored.is_risk_eliminated, false) as is_risk_eliminated,
        coalesce(named.risk_type, '未填写') as risk_type
    from monitored
    left join named on monitored.household_key = named.household_key
),

counted as (
    select
        division_code,
        risk_type as category,
        count(distinct household_key) as households,
        count(distinct household_key) filter (where is_risk_eliminated) as eliminated
    from risks
    group by grouping sets ((division_code, risk_type), (division_code))
)

select
    'risks' as indicator,
    category,
    division_code,
    households - eliminated as numerator,
    cast(null as bigint) as denominator
from counted
union all
select
    'risk_removal_rate' as indicator,
    category,
    division_code,
    eliminated as numerator,
    households as denominator
from counted
