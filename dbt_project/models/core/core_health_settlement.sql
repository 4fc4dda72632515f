with staged as (
    select * from {{ ref('stg_health__settlement') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'health_settlement'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.settlement_id,
    staged.visit_type,
    staged.institution_code,
    staged.institution_name,
    staged.diagnosis_code,
    staged.diagnosis_name,
    staged.settled_on,
    staged.total_cost,
    staged.basic_insurance_paid,
    staged.major_illness_insurance_paid,
    staged.medical_assistance_paid,
    staged.other_paid,
    staged.out_of_pocket,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
