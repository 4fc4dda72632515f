with staged as (
    select * from {{ ref('stg_civil__assistance') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'civil_assistance'
)

select
    person_record.person_key,
    person_record.household_key,
    person_record.division_code,
    {{ county_code('person_record.division_code') }} as county_code,
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
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
