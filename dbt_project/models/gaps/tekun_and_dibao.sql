{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

categories as (
    select * from {{ ref('assistance_category') }} where category in ('特困', '农村低保', '城市低保')
),

tekun as (
    select payments.*
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    where categories.category = '特困'
),

dibao as (
    select payments.*
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    where categories.category <> '特困'
),

both_at_once as (
    select
        tekun.observed_on,
        tekun.person_key,
        tekun.household_key,
        tekun.division_code,
        tekun.month,
        [tekun.assistance_type, dibao.assistance_type] as assistance_types,
        [{{ evidence('civil_assistance', 'tekun') }}, {{ evidence('civil_assistance', 'dibao') }}] as evidence
    from tekun
    inner join dibao
        on
            tekun.observed_on = dibao.observed_on
            and tekun.person_key = dibao.person_key
            and tekun.month = dibao.month
)

select
    max(household_key) as household_key,
    person_key,
    max(division_code) as division_code,
    max(month) || ' 同时在享' || array_to_string(list_sort(list_distinct(flatten(list(assistance_types)))), '、')
    || '；特困人员不再享受低保。' as explanation,
    'Receives both 特困 and 低保 in ' || max(month) || ', which exclude each other.' as explanation_en,
    list_sort(list_distinct(flatten(list(evidence)))) as evidence,
    observed_on
from both_at_once
group by observed_on, person_key
