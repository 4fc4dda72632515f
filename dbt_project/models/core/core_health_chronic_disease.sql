with staged as (
    select * from {{ ref('stg_health__chronic_disease') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'health_chronic_disease'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
    staged.managing_institution,
    staged.disease,
    staged.contract_status,
    staged.contracted_on,
    staged.last_follow_up_on,
    staged.follow_ups_this_year,
    staged.control_status,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
