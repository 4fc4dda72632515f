with staged as (
    select * from {{ ref('stg_education__dropout') }} where repeats_row is null
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
    staged.school_name,
    staged.grade,
    staged.dropped_out_on,
    staged.return_status,
    staged.returned_on,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'education_dropout') }} = person.person_id
