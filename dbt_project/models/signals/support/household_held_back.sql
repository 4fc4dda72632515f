with doubtful as (
    select * from {{ ref('doubtful_registration') }} where is_held_back
),

mention as not materialized (
    select * from {{ ref('resolved_mention') }} where feed = 'registry_member'
),

household as (
    select * from {{ ref('household') }}
),

told as (
    select distinct
        household_key,
        as_of
    from {{ ref('core_household') }}
),

member as (
    select distinct
        mention.person_id,
        mention.person_name,
        mention.division_code,
        household.household_key
    from mention
    inner join household on mention.household_code = household.household_code
),

-- Where its household cannot be read, a row is of the household of its number, else of every namesake of its place.
meant as (
    select
        household_key,
        batch_id,
        row_number,
        valid_from,
        valid_to
    from doubtful
    where household_key is not null
    union
    select
        member.household_key,
        doubtful.batch_id,
        doubtful.row_number,
        doubtful.valid_from,
        doubtful.valid_to
    from doubtful
    inner join member on doubtful.number_id = member.person_id
    where doubtful.household_key is null
    union
    select
        member.household_key,
        doubtful.batch_id,
        doubtful.row_number,
        doubtful.valid_from,
        doubtful.valid_to
    from doubtful
    inner join member
        on
            doubtful.person_name = member.person_name
            and starts_with(member.division_code, doubtful.place)
    where doubtful.household_key is null and doubtful.number_id is null
)

select meant.*
from meant
anti join told on meant.household_key = told.household_key and meant.valid_from = told.as_of
