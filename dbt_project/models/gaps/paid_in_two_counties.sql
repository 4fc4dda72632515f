{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

categories as (
    select * from {{ ref('assistance_category') }} where category is not null
)

-- Relief in an emergency makes nobody a member of a category, and is given wherever it strikes.
select
    max(payments.household_key) as household_key,
    payments.person_key,
    max(payments.division_code) as division_code,
    payments.month || ' 同时在 ' || count(distinct payments.paying_county) || ' 个县在享救助（'
    || string_agg(distinct left(payments.paying_county, 6), '、' order by left(payments.paying_county, 6))
    || '）。' as explanation,
    'Receives assistance in ' || count(distinct payments.paying_county) || ' counties in ' || payments.month || ' ('
    || string_agg(distinct left(payments.paying_county, 6), ', ' order by left(payments.paying_county, 6))
    || ').' as explanation_en,
    {{ evidence_list('civil_assistance', 'payments') }} as evidence,
    payments.observed_on
from payments
inner join categories on payments.assistance_type = categories.assistance_type
where payments.paying_county <> ''
group by payments.observed_on, payments.person_key, payments.month
having count(distinct payments.paying_county) > 1
qualify row_number() over (partition by payments.observed_on, payments.person_key order by payments.month desc) = 1
