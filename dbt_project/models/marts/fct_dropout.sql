with fact as (
    select * from {{ ref('core_education_dropout') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    school_name,
    grade,
    dropped_out_on,
    return_status,
    returned_on,
    batch_id,
    row_number
from fact
