{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

categories as (
    select * from {{ ref('assistance_category') }} where category is not null
),

-- Relief in an emergency makes nobody a member of a category, and is given wherever it strikes.
memberships as (
    select payments.*
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    where payments.paying_county <> ''
),

months_in_two as (
    select
        observed_on,
        person_key,
        month
    from memberships
    group by observed_on, person_key, month
    having min(paying_county) <> max(paying_county)
    qualify row_number() over (partition by observed_on, person_key order by month desc) = 1
)

select
    max(memberships.household_key) as household_key,
    memberships.person_key,
    max(memberships.division_code) as division_code,
    memberships.month || ' 同时在 ' || count(distinct memberships.paying_county) || ' 个县在享救助（'
    || string_agg(distinct left(memberships.paying_county, 6), '、' order by left(memberships.paying_county, 6))
    || '）。' as explanation,
    'Receives assistance in ' || count(distinct memberships.paying_county) || ' counties in ' || memberships.month
    || ' (' || string_agg(distinct left(memberships.paying_county, 6), ', ' order by left(memberships.paying_county, 6))
    || ').' as explanation_en,
    {{ evidence_list('civil_assistance', 'memberships') }} as evidence,
    memberships.observed_on
from memberships
inner join months_in_two
    on
        memberships.observed_on = months_in_two.observed_on
        and memberships.person_key = months_in_two.person_key
        and memberships.month = months_in_two.month
group by memberships.observed_on, memberships.person_key, memberships.month
