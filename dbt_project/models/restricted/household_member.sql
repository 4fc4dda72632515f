with member as (
    select * from {{ ref('core_registry_member') }}
),

household as (
    select * from {{ ref('household_identity') }}
)

select
    member.household_key,
    member.person_key,
    member.relation_to_head,
    member.sex,
    member.health_status,
    member.batch_id,
    member.row_number
from member
inner join household on member.household_key = household.household_key and member.batch_id = household.batch_id
