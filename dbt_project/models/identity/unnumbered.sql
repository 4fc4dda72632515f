with exact_link as (
    select * from {{ ref('exact_link') }}
),

link as (
    select * from {{ ref('link') }} where doubt is null
),

merged as (
    select * from {{ ref('merged') }}
),

mention as not materialized (
    select * from {{ ref('mention') }}
),

found as (
    select
        exact_link.feed,
        exact_link.batch_id,
        exact_link.row_number,
        exact_link.own_id,
        exact_link.own_key,
        exact_link.identity_text,
        coalesce(
            merged.merged_id,
            exact_link.linked_number_id,
            link.person_id,
            exact_link.own_id
        ) as person_id,
        case
            when merged.person_id is null and exact_link.linked_number_id is null then link.match_probability
            else 1.0
        end as match_probability
    from exact_link
    left join merged on exact_link.own_id = merged.person_id
    left join link on exact_link.linked_number_id is null and exact_link.own_id = link.own_id
),

-- Whoever was found to be one of those who are one is the one that stands for them.
found_merged as (
    select found.* replace (coalesce(merged.merged_id, found.person_id) as person_id)
    from found
    left join merged on found.person_id = merged.person_id
),

-- Rows by a number that somebody decided to be another number's person.
number_of_other as (
    select
        mention.feed,
        mention.batch_id,
        mention.row_number,
        null::bigint as own_id,
        {{ keyed('person', "'number|' || mention.id_number") }} as own_key,
        null::varchar as identity_text,
        merged.merged_id as person_id,
        1.0::double as match_probability
    from mention
    inner join merged on mention.number_id = merged.person_id
    anti join exact_link on mention.batch_id = exact_link.batch_id and mention.row_number = exact_link.row_number
    where merged.merged_id <> mention.number_id
),

everyone as (
    select * from found_merged
    union all
    select * from number_of_other
)

select
    feed,
    batch_id,
    row_number,
    own_id,
    own_key,
    identity_text,
    person_id,
    coalesce(person_id <> own_id, true) as is_linked,
    case when coalesce(person_id <> own_id, true) then match_probability end as match_probability
from everyone
