with mention as (
    select * from {{ ref('mention') }}
),

exact_link as (
    select * from {{ ref('exact_link') }}
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
        person_id,
        any_value(id_number) filter (where person_id = number_id) as number_text,
        min(birth_date) as birth_date,
        min(sex) as sex,
        max_by(phone, as_of) as phone,
        max_by(household_code, as_of) as household_code
    from told
    group by person_id
),

-- As often as the person is told in another way: by another name, in another village, in another household.
way_of_telling as (
    select distinct
        told.person_id,
        told.person_name,
        told.division_code,
        coalesce(told.household_code, person.household_code) as household_code
    from told
    inner join person on told.person_id = person.person_id
),

told_fully as (
    select
        false as is_linked,
        false as is_registered,
        way_of_telling.person_id,
        null::bigint as pinned_id,
        way_of_telling.person_name,
        case when {{ is_village('way_of_telling.division_code') }} then way_of_telling.division_code end as division_code,
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
        null::varchar as number_prefix
    from way_of_telling
    inner join person on way_of_telling.person_id = person.person_id
)

select
    row_number() over (order by person_id, person_name, division_code, household_code) as unique_id,
    *,
    {{ compared_parts() }}
from told_fully
