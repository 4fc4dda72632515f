with staged as (
    select * from {{ ref('stg_water__household') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'water_household'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.project_code,
    staged.supply_method,
    staged.round_trip_minutes,
    staged.seasonal_shortage,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
