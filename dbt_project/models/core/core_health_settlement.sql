with staged as (
    select * from {{ ref('stg_health__settlement') }} where repeats_row is null
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
    staged.settlement_id,
    staged.visit_type,
    staged.institution_code,
    staged.institution_name,
    staged.diagnosis_code,
    staged.diagnosis_name,
    staged.settled_on,
    staged.total_cost,
    staged.basic_insurance_paid,
    staged.major_illness_insurance_paid,
    staged.medical_assistance_paid,
    staged.other_paid,
    staged.out_of_pocket,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'health_settlement') }} = person.person_id
