with mention as not materialized (
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

in_batch as (
    select distinct
        told.person_id,
        batch.ordinal
    from told
    inner join batch on told.batch_id = batch.batch_id
    where told.number_id is not null
),

in_batches as (
    select
        person_id,
        list_sort(list(ordinal)) as registry_batches
    from in_batch
    group by person_id
),

at_home as (
    select
        person_id,
        max_by(phone, (as_of, phone)) as phone,
        max_by(household_code, (as_of, household_code)) as household_code
    from told
    where phone is not null or household_code is not null
    group by person_id
),

person as (
    select
        person_id,
        any_value(id_number) filter (where person_id = number_id) as number_text,
        min(birth_date) as birth_date,
        min(sex) as sex,
        min(kin_number_id) as kin_number_id
    from told
    group by person_id
),

-- As often as the person is told in another way: by another name, in another village, in another household.
way_of_telling as (
    select distinct
        told.person_id,
        told.person_name,
        told.division_code,
        coalesce(
            told.household_code,
            at_home.household_code,
            household_of_number.household_code
        ) as household_code
    from told
    inner join person on told.person_id = person.person_id
    left join at_home on told.person_id = at_home.person_id
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
        at_home.phone,
        person.number_text,
        null::varchar as number_prefix,
        in_batches.registry_batches
    from way_of_telling
    inner join person on way_of_telling.person_id = person.person_id
    left join at_home on way_of_telling.person_id = at_home.person_id
    left join in_batches on way_of_telling.person_id = in_batches.person_id
)

select
    row_number() over () as unique_id,
    *,
    {{ compared_parts() }}
from told_fully
