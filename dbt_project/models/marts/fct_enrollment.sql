with fact as (
    select * from {{ ref('core_education_enrollment') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    sex,
    school_code,
    school_name,
    stage,
    grade,
    enrollment_status,
    status_date,
    school_term,
    batch_id,
    row_number
from fact
