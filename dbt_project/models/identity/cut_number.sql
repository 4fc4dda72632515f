with mention as (
    select
        batch_id,
        feed,
        number_id,
        person_name
    from {{ ref('mention') }}
    where number_id is not null and person_name is not null
),

-- A spreadsheet keeps fifteen digits and writes zeros for the rest, and by chance these pass the check.
ending_in_zeros as (
    select distinct
        number_id,
        id_number,
        person_name
    from {{ ref('mention') }}
    where number_id % 100 = 0 and right(id_number, 1) = '0' and person_name is not null
),

only_other as (
    select
        ending_in_zeros.number_id,
        ending_in_zeros.id_number,
        ending_in_zeros.person_name,
        min(mention.number_id) as other_number_id
    from ending_in_zeros
    inner join mention
        on
            ending_in_zeros.person_name = mention.person_name
            and ending_in_zeros.number_id // 100 = mention.number_id // 100
            and ending_in_zeros.number_id <> mention.number_id
    group by ending_in_zeros.number_id, ending_in_zeros.id_number, ending_in_zeros.person_name
    having min(mention.number_id) = max(mention.number_id)
),

registered as (
    select
        batch_id,
        number_id
    from mention
    where feed = 'registry_member'
),

-- Where the registry names both at once, they are two.
registered_beside as (
    select
        only_other.number_id,
        only_other.other_number_id
    from only_other
    inner join registered on only_other.number_id = registered.number_id
    inner join registered as other
        on only_other.other_number_id = other.number_id and registered.batch_id = other.batch_id
)

select
    only_other.number_id,
    only_other.id_number,
    only_other.person_name
from only_other
anti join registered_beside
    on
        only_other.number_id = registered_beside.number_id
        and only_other.other_number_id = registered_beside.other_number_id
