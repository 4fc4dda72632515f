with fact as (
    select * from {{ ref('core_housing_safety') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    dwelling_code,
    built_year,
    structure,
    floor_area_m2,
    is_only_dwelling,
    is_lived_in,
    safety_grade,
    assessed_on,
    assessor,
    renovation_method,
    renovation_status,
    completed_on,
    subsidy,
    batch_id,
    row_number
from fact
