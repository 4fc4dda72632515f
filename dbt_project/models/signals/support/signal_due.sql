{{ config(materialized='ephemeral') }}

with signals as (
    select * from {{ ref('risk_signal') }}
    where status = 'open'
),

thresholds as (
    {{ policy('verification_due_days') }}
),

days as (
    select
        division_code,
        cast(verification_due_days as integer) as verification_due_days
    from thresholds
    where observed_on = {{ as_of() }} and population = 'all'
)

-- What lies in no division of its own has the days that hold everywhere.
select
    signals.*,
    signals.first_detected_on
    + coalesce(days.verification_due_days, anywhere.verification_due_days) as due_on
from signals
left join days on signals.division_code = days.division_code
left join days as anywhere on anywhere.division_code = ''
