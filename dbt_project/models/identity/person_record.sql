{{ config(materialized='view') }}

with mention as not materialized (
    select * from {{ ref('resolved_mention') }}
),

person as (
    select * from {{ ref('person') }}
),

household as (
    select * from {{ ref('household') }}
)

select
    mention.feed,
    mention.batch_id,
    mention.row_number,
    person.person_key,
    coalesce(household.household_key, person.household_key) as household_key,
    coalesce(mention.division_code, person.division_code) as division_code,
    mention.match_method,
    mention.match_probability,
    mention.own_key as own_person_key,
    mention.as_of,
    mention.valid_from,
    mention.valid_to
from mention
inner join person on mention.person_id = person.person_id
left join household on mention.household_code = household.household_code
