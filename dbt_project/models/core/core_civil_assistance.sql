with staged as (
    select * from {{ ref('stg_civil__assistance') }} where repeats_row is null
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
    staged.certificate_number,
    staged.month,
    staged.relation_to_applicant,
    staged.assistance_type,
    staged.dibao_class,
    staged.persons_covered,
    staged.monthly_amount,
    staged.started_month,
    staged.payment_status,
    staged.stopped_month,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered', 'civil_assistance') }} = person.person_id
