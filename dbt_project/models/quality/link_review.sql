with exact_link as (
    select
        *,
        {{ keyed('person', "'row|' || identity_text") }} as own_key
    from {{ ref('exact_link') }}
),

link as (
    select * from {{ ref('link') }} where not is_link
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
inner join person on link.person_id = person.person_id
where exact_link.linked_number_id is null
