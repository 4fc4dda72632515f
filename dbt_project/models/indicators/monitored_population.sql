{{ config(materialized='ephemeral') }}

with households as (
    select * from {{ ref('dim_household') }} where is_monitored
),

persons as (
    select
        person_key,
        household_key
    from {{ ref('dim_person') }}
),

low_income as (
    select * from {{ ref('low_income_population') }}
),

monitored_households as (
    select
        'monitored_households' as indicator,
        household_type as category,
        division_code,
        count(*) as numerator
    from households
    group by grouping sets ((division_code, household_type), (division_code))
),

monitored_persons as (
    select
        'monitored_persons' as indicator,
        households.household_type as category,
        households.division_code,
        count(*) as numerator
    from households
    inner join persons on households.household_key = persons.household_key
    group by grouping sets ((households.division_code, households.household_type), (households.division_code))
),

low_income_persons as (
    select
        'low_income_persons' as indicator,
        category,
        division_code,
        count(distinct person_key) as numerator
    from low_income
    group by grouping sets ((division_code, category), (division_code))
)

select * from monitored_households
union all
select * from monitored_persons
union all
select * from low_income_persons
