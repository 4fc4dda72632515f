with staged as (
    select * from {{ ref('stg_health__chronic_disease') }} where repeats_row is null
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
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'health_chronic_disease') }} = person.person_id
