with settlement as (
    select * from {{ ref('core_health_settlement') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    settlement_id,
    visit_type,
    institution_code,
    institution_name,
    diagnosis_code,
    diagnosis_name,
    settled_on,
    total_cost,
    basic_insurance_paid,
    major_illness_insurance_paid,
    medical_assistance_paid,
    other_paid,
    out_of_pocket,
    batch_id,
    row_number
from settlement
