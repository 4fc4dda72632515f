with staged as (
    select * from {{ ref('stg_housing__safety') }} where repeats_row is null
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
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'housing_safety') }} = person.person_id
