with mention as (
    select * from {{ ref('mention') }}
),

exact_link as (
    select * from {{ ref('exact_link') }}
),

household_of_number as (
    select * from {{ ref('number_household') }}
),

batch as (
    select * from {{ ref('registry_batch') }}
),

-- Somebody with a number, or somebody whom the registry names without one.
told as (
    select
        mention.*,
        coalesce(exact_link.linked_number_id, exact_link.own_id, mention.number_id) as person_id
    from mention
    left join exact_link
        on mention.batch_id = exact_link.batch_id and mention.row_number = exact_link.row_number
    where
        mention.person_name is not null
        and (exact_link.batch_id is null or exact_link.linked_number_id is not null or mention.feed = 'registry_member')
),

person as (
    select
        told.person_id,
        any_value(told.id_number) filter (where told.person_id = told.number_id) as number_text,
        min(told.birth_date) as birth_date,
        min(told.sex) as sex,
        max_by(told.phone, (told.as_of, told.phone)) as phone,
        max_by(told.household_code, (told.as_of, told.household_code)) as household_code,
        min(told.kin_number_id) as kin_number_id,
        list_sort(list(distinct batch.ordinal) filter (where told.number_id is not null)) as registry_batches
    from told
    left join batch on told.batch_id = batch.batch_id
    group by told.person_id
),

-- As often as the person is told in another way: by another name, in another village, in another household.
way_of_telling as (
    select distinct
        told.person_id,
        told.person_name,
        told.division_code,
        coalesce(
            told.household_code,
            person.household_code,
            household_of_number.household_code
        ) as household_code
    from told
    inner join person on told.person_id = person.person_id
    left join household_of_number on person.kin_number_id = household_of_number.number_id
),

told_fully as (
    select
        false as is_linked,
        false as is_registered,
        way_of_telling.person_id,
        null::bigint as pinned_id,
        way_of_telling.person_name,
        case
            when {{ is_village('way_of_telling.division_code') }} then way_of_telling.division_code
        end as division_code,
        {{ town_code('way_of_telling.division_code') }} as town_code,
        {{ county_code('way_of_telling.division_code') }} as county_code,
        way_of_telling.household_code,
        coalesce(try_strptime(substr(person.number_text, 7, 8), '%Y%m%d')::date, person.birth_date) as birth_date,
        case
            when way_of_telling.person_id < 0 then person.sex
            when way_of_telling.person_id % 2 = 1 then '男'
            else '女'
        end as sex,
        person.phone,
        person.number_text,
        null::varchar as number_prefix,
        person.registry_batches
    from way_of_telling
    inner join person on way_of_telling.person_id = person.person_id
)

select
    row_number() over (order by person_id, person_name, division_code, household_code) as unique_id,
    *,
    {{ compared_parts() }}
from told_fully
