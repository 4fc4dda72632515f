{{ config(materialized='view') }}

with batch as (
    select * from {{ source('build', 'batch') }} where feed = 'registry_member' and counts
)

select
    batch_id,
    row_number() over (order by as_of asc, received_at asc, batch_id asc)::integer as ordinal
from batch
