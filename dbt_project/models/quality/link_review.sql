with exact_link as (
    select * from {{ ref('exact_link') }}
),

link as (
    select * from {{ ref('link') }} where doubt is not null
),

merged as (
    select * from {{ ref('merged') }}
),

person as (
    select * from {{ ref('person') }}
)

select
    exact_link.batch_id,
    exact_link.feed,
    exact_link.row_number,
    exact_link.own_key as person_key,
    person.person_key as other_person_key,
    link.match_probability,
    link.doubt,
    link.comparison_zh,
    link.comparison_en
from exact_link
inner join link on exact_link.own_id = link.own_id
left join merged on link.person_id = merged.person_id
inner join person on coalesce(merged.merged_id, link.person_id) = person.person_id
where exact_link.linked_number_id is null
