with staged as (
    select * from {{ ref('stg_education__enrollment') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'education_enrollment'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.sex,
    staged.school_code,
    staged.school_name,
    staged.stage,
    staged.grade,
    staged.enrollment_status,
    staged.status_date,
    staged.school_term,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
