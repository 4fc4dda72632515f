with below_line as (
    select * from {{ ref('inc_below_line') }}
),

payments as (
    select * from {{ ref('assistance_month') }}
),

stopped as (
    select
        observed_on,
        household_key,
        max(month) as stopped_month,
        {{ evidence_list('civil_assistance') }} as evidence,
        list(distinct coalesce(certificate_number, '')) as facts
    from payments
    where household_key is not null
    group by observed_on, household_key
    having bool_or(payment_status = '停发') and not bool_or(payment_status = '在享')
)

select
    'CIV_AID_STOPPED' as rule_id,
    below_line.household_key,
    below_line.person_key,
    below_line.division_code,
    below_line.observed_value,
    below_line.threshold_value,
    '家庭人均纯收入 ' || {{ yuan('below_line.observed_value') }} || ' 元，低于监测线 '
    || {{ yuan('below_line.threshold_value') }} || ' 元，而救助在 ' || stopped.stopped_month
    || ' 已停发，家庭成员均不在享。' as explanation,
    'Net income of ' || {{ yuan('below_line.observed_value') }} || ' yuan a head is below the line of '
    || {{ yuan('below_line.threshold_value') }} || ' yuan, yet assistance stands as stopped in '
    || stopped.stopped_month || ' and nobody of the household receives any.' as explanation_en,
    below_line.evidence || stopped.evidence as evidence,
    below_line.facts || stopped.facts as facts,
    below_line.observed_on
from below_line
inner join stopped
    on
        below_line.observed_on = stopped.observed_on
        and below_line.household_key = stopped.household_key
