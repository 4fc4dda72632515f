with staged as (
    select * from {{ ref('stg_housing__safety') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'housing_safety'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.dwelling_code,
    staged.built_year,
    staged.structure,
    staged.floor_area_m2,
    staged.is_only_dwelling,
    staged.is_lived_in,
    staged.safety_grade,
    staged.assessed_on,
    staged.assessor,
    staged.renovation_method,
    staged.renovation_status,
    staged.completed_on,
    staged.subsidy,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
