with batch as (
    select * from {{ source('build', 'batch') }}
),

resolved_row as (
    select * from {{ ref('resolved_row') }}
),

reason_of_row as (
    select
        batch_id,
        row_number,
        unnest(reasons) as reason
    from {{ source('lake_of_all', 'row') }}
    where disposition = 'quarantined'
)

select
    reason_of_row.batch_id,
    batch.feed,
    reason_of_row.row_number,
    reason_of_row.reason.column_name,
    reason_of_row.reason.reason,
    batch.received_at as first_seen_at,
    resolved_row.resolved_by_batch
from reason_of_row
inner join batch on reason_of_row.batch_id = batch.batch_id
left join resolved_row
    on reason_of_row.batch_id = resolved_row.batch_id and reason_of_row.row_number = resolved_row.row_number
