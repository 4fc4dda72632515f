with mention as not materialized (
    select * from {{ ref('mention') }} where number_id is not null and person_name is not null
),

contested as (
    select number_id
    from mention
    group by number_id
    having min(person_name) <> max(person_name)
),

-- The 17th digit is odd for a man, the 7th to the 14th are the day of birth.
name_of_number as (
    select
        number_id,
        person_name,
        count(*) filter (where feed = 'registry_member') as registry_rows,
        bool_or(coalesce(relation_to_head = '户主', false)) as is_head,
        bool_and(
            coalesce(sex = case when number_id % 2 = 1 then '男' else '女' end, true)
            and coalesce(strftime(birth_date, '%Y%m%d')::bigint = (number_id // 1000) % 100000000, true)
        ) as is_consistent,
        count(*) as all_rows
    from mention
    where number_id in (select contested.number_id from contested)
    group by number_id, person_name
),

ranked as (
    select
        *,
        first_value(person_name) over (
            partition by number_id
            order by registry_rows desc, is_consistent desc, is_head desc, all_rows desc, person_name asc
        ) as owner_name
    from name_of_number
)

select
    number_id,
    person_name,
    owner_name,
    person_name = owner_name as is_owner_name,
    person_name = owner_name
    or (is_consistent and length(owner_name) >= 2 and {{ is_one_apart('person_name', 'owner_name') }}) as agrees
from ranked
