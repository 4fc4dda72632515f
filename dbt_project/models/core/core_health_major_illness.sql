with staged as (
    select * from {{ ref('stg_health__major_illness') }} where repeats_row is null
),

unnumbered as (
    select * from {{ ref('unnumbered') }}
),

person as (
    select * from {{ ref('person') }}
)

select
    person.person_key,
    person.household_key,
    coalesce(staged.division_code, person.division_code) as division_code,
    {{ county_code('coalesce(staged.division_code, person.division_code)') }} as county_code,
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
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'health_major_illness') }} = person.person_id
