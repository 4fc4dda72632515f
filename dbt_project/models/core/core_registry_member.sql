with staged as (
    select * from {{ ref('stg_registry__member') }} where repeats_row is null
),

unnumbered as (
    select * from {{ ref('unnumbered') }}
),

person as (
    select * from {{ ref('person') }}
),

household as (
    select * from {{ ref('household') }}
)

select
    person.person_key,
    household.household_key,
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
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered') }} = person.person_id
inner join household on staged.household_code = household.household_code
