with household as (
    select * from {{ ref('core_household') }} where {{ counts_on(as_of()) }}
),

-- A household that two places registered is described by the newer batch.
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
    head_person_key,
    household_type,
    division_code,
    member_count,
    per_capita_net_income,
    identified_on,
    is_monitored,
    is_risk_eliminated
from newest
