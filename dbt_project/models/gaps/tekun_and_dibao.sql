{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

categories as (
    select * from {{ ref('assistance_category') }} where category in ('特困', '农村低保', '城市低保')
)

select
    max(payments.household_key) as household_key,
    payments.person_key,
    max(payments.division_code) as division_code,
    payments.month || ' 同时在享'
    || string_agg(distinct payments.assistance_type, '、' order by payments.assistance_type)
    || '；特困人员不再享受低保。' as explanation,
    'Receives both 特困 and 低保 in ' || payments.month
    || ', which exclude each other.' as explanation_en,
    {{ evidence_list('civil_assistance', 'payments') }} as evidence,
    payments.observed_on
from payments
inner join categories on payments.assistance_type = categories.assistance_type
group by payments.observed_on, payments.person_key, payments.month
having bool_or(categories.category = '特困') and bool_or(categories.category <> '特困')
qualify row_number() over (partition by payments.observed_on, payments.person_key order by payments.month desc) = 1
