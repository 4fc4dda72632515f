with staged as (
    select * from {{ ref('stg_registry__member') }} where repeats_row is null
),

person_record as (
    select * from {{ ref('person_record') }} where feed = 'registry_member'
),

person as (
    select person_key, birth_date from {{ ref('person') }}
)

select
    person_record.person_key,
    person_record.household_key,
    staged.household_code,
    staged.division_code,
    {{ county_code('staged.division_code') }} as county_code,
    staged.household_type,
    staged.identified_on,
    staged.risk_eliminated,
    staged.main_risk,
    staged.relation_to_head,
    staged.sex,
    person.birth_date as birth_on,
    staged.ethnicity,
    staged.health_status,
    staged.school_status,
    staged.has_basic_medical_insurance,
    staged.member_count,
    staged.per_capita_net_income,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
inner join person_record
    on staged.batch_id = person_record.batch_id and staged.row_number = person_record.row_number
inner join person on person_record.person_key = person.person_key
