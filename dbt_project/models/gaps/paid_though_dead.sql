{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

illnesses as (
    select * from {{ ref('core_health_major_illness') }} where treatment_status = '死亡'
),

cancelled as (
    select * from {{ ref('core_civil_assistance') }} where payment_status = '死亡注销'
),

told_by_health as (
    select
        payments.*,
        'health' as told_by,
        {{ evidence('health_major_illness', 'illnesses') }} as told
    from payments
    inner join illnesses
        on
            payments.person_key = illnesses.person_key
            and {{ counts_on('payments.observed_on', 'illnesses') }}
),

told_by_civil_affairs as (
    select
        payments.*,
        'civil affairs' as told_by,
        {{ evidence('civil_assistance', 'cancelled') }} as told
    from payments
    inner join cancelled
        on
            payments.person_key = cancelled.person_key
            and {{ counts_on('payments.observed_on', 'cancelled') }}
            and (
                cancelled.month < payments.month
                or (cancelled.month = payments.month and cancelled.certificate_number <> payments.certificate_number)
            )
),

told as (
    select * from told_by_health
    union all
    select * from told_by_civil_affairs
)

select
    max(household_key) as household_key,
    person_key,
    max(division_code) as division_code,
    max(month) || ' 在享' || string_agg(distinct assistance_type, '、' order by assistance_type) || '，而'
    || case
        when min(told_by) <> max(told_by) then '大病救治台账和民政部门的另一条记录'
        when min(told_by) = 'health' then '大病救治台账'
        else '民政部门的另一条记录'
    end || '已记为死亡。' as explanation,
    'Receives assistance in ' || max(month) || ', yet '
    || case
        when min(told_by) <> max(told_by) then 'the major-illness ledger and another row of civil affairs record'
        when min(told_by) = 'health' then 'the major-illness ledger records'
        else 'another row of civil affairs records'
    end || ' a death.' as explanation_en,
    list_sort(list_distinct(list({{ evidence('civil_assistance') }}) || list(told))) as evidence,
    observed_on
from told
group by observed_on, person_key
