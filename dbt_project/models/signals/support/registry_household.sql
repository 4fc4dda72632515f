with dates as (
    select observed_on from {{ ref('observation_date') }}
),

households as (
    select * from {{ ref('core_household') }}
)

select
    dates.observed_on,
    households.household_key,
    households.division_code,
    households.household_type,
    households.identified_on,
    households.is_monitored and not coalesce(households.is_risk_eliminated, false) as is_at_risk,
    households.per_capita_net_income,
    coalesce(nullif(households.member_count, 0), households.member_rows) as members,
    households.batch_id,
    households.row_number
from households
inner join dates on {{ counts_on('dates.observed_on', 'households') }}
qualify row_number() over (
    partition by dates.observed_on, households.household_key
    order by households.as_of desc, households.batch_id asc, households.row_number asc
) = 1
