with fact as (
    select * from {{ ref('core_health_major_illness') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    illness,
    icd10_code,
    diagnosed_on,
    hospital_name,
    treatment_status,
    total_cost,
    basic_insurance_paid,
    major_illness_insurance_paid,
    medical_assistance_paid,
    out_of_pocket,
    updated_on,
    batch_id,
    row_number
from fact
