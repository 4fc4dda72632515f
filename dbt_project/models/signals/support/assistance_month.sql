with dates as (
    select observed_on from {{ ref('observation_date') }}
),

assistance as (
    select * from {{ ref('core_civil_assistance') }}
),

batches as (
    select
        batch_id,
        scope
    from {{ source('build', 'batch') }}
),

-- The county that pays is the one that delivered; a batch of a wider scope leaves it to the row.
payments as (
    select
        assistance.*,
        coalesce({{ county_code('batches.scope') }}, assistance.county_code, '') as paying_county
    from assistance
    inner join batches on assistance.batch_id = batches.batch_id
),

newest as (
    select
        dates.observed_on,
        payments.paying_county,
        max(payments.month) as newest_month
    from payments
    inner join dates on {{ counts_on('dates.observed_on', 'payments') }}
    group by dates.observed_on, payments.paying_county
)

select
    newest.observed_on,
    newest.paying_county,
    payments.household_key,
    payments.person_key,
    payments.division_code,
    payments.certificate_number,
    payments.month,
    payments.assistance_type,
    payments.payment_status,
    payments.monthly_amount,
    payments.started_month,
    payments.batch_id,
    payments.row_number
from payments
inner join newest
    on
        payments.paying_county = newest.paying_county
        and payments.month = newest.newest_month
        and {{ counts_on('newest.observed_on', 'payments') }}
