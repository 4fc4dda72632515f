with batch as (
    select * from {{ source('build', 'batch') }}
),

found_in_row as (
    select
        batch_id,
        row_number,
        unnest(findings) as finding
    from {{ source('lake_of_all', 'row') }}
    where len(findings) > 0
),

found_at_ingestion as (
    select
        found_in_row.batch_id,
        batch.feed,
        found_in_row.row_number,
        found_in_row.finding.column_name,
        found_in_row.finding.finding
    from found_in_row
    inner join batch on found_in_row.batch_id = batch.batch_id
),

identity_finding as (
    select * from {{ ref('identity_finding') }}
),

silenced_signal as (
    select * from {{ ref('silenced_signal') }}
),

silenced_gap as (
    select * from {{ ref('silenced_gap') }}
)

select
    batch_id,
    feed,
    row_number,
    column_name,
    finding
from found_at_ingestion
union
select
    batch_id,
    feed,
    row_number,
    column_name,
    finding
from identity_finding
union
select
    batch_id,
    feed,
    row_number,
    column_name,
    finding
from silenced_signal
union
select
    batch_id,
    feed,
    row_number,
    column_name,
    finding
from silenced_gap
