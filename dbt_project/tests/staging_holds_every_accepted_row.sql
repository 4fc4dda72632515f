-- The rows that a batch is said to have lent are the rows that were read.
with batch as (
    select * from {{ source('build', 'batch') }} where counts
),

mention as (
    select
        batch_id,
        count(*) as row_count
    from {{ ref('mention') }}
    group by batch_id
)

select batch.batch_id
from mention
inner join batch on mention.batch_id = batch.batch_id
where mention.row_count <> batch.rows_accepted
