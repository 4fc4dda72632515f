with household as (
    select * from {{ ref('core_household') }}
),

newest as (
    select *
    from household
    qualify row_number() over (
        partition by household_key
        order by as_of desc, batch_id asc, row_number asc
    ) = 1
)

select
    household_key,
    household_code,
    division_code,
    household_type,
    main_risk,
    per_capita_net_income,
    identified_on,
    is_monitored,
    is_risk_eliminated,
    batch_id,
    valid_to
from newest
