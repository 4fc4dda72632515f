with staged as (
    select * from {{ ref('stg_health__major_illness') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'health_major_illness'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.illness,
    staged.icd10_code,
    staged.diagnosed_on,
    staged.hospital_name,
    staged.treatment_status,
    staged.total_cost,
    staged.basic_insurance_paid,
    staged.major_illness_insurance_paid,
    staged.medical_assistance_paid,
    staged.out_of_pocket,
    staged.updated_on,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
