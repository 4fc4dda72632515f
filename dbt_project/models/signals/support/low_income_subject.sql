with households as (
    select * from {{ ref('registry_household') }}
),

payments as (
    select * from {{ ref('assistance_month') }}
),

categories as (
    select * from {{ ref('assistance_category') }}
),

receivers as (
    select
        payments.observed_on,
        coalesce(payments.household_key, payments.person_key) as subject_key
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    where payments.payment_status = '在享' and categories.is_low_income
)

select
    observed_on,
    household_key as subject_key
from households
where is_at_risk
union
select
    observed_on,
    subject_key
from receivers
