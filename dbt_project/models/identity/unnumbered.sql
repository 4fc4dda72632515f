with exact_link as (
    select * from {{ ref('exact_link') }}
),

link as (
    select * from {{ ref('link') }} where is_link
)

select
    exact_link.feed,
    exact_link.batch_id,
    exact_link.row_number,
    exact_link.foreign_number_id,
    exact_link.own_id,
    exact_link.identity_text,
    coalesce(exact_link.linked_number_id, link.person_id, exact_link.own_id) as person_id,
    coalesce(exact_link.linked_number_id, link.person_id) is not null as is_linked,
    case when exact_link.linked_number_id is not null then 1.0::double else link.match_probability end
        as match_probability
from exact_link
left join link on exact_link.linked_number_id is null and exact_link.own_id = link.own_id
