with staged as (
    select * from {{ ref('stg_education__enrollment') }} where repeats_row is null
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
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'education_enrollment') }} = person.person_id
