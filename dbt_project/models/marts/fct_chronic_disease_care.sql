with fact as (
    select * from {{ ref('core_health_chronic_disease') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    managing_institution,
    disease,
    contract_status,
    contracted_on,
    last_follow_up_on,
    follow_ups_this_year,
    control_status,
    batch_id,
    row_number
from fact
