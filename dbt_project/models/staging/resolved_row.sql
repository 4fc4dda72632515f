with batch as (
    select * from {{ source('build', 'batch') }}
),

-- Only a batch that came after one with quarantined rows can resolve any.
later_batch as (
    select distinct later.batch_id
    from batch
    inner join batch as later
        on
            batch.feed = later.feed
            and (batch.as_of, batch.received_at, batch.batch_id) < (later.as_of, later.received_at, later.batch_id)
    where batch.rows_quarantined > 0 and later.counts
),

quarantined as (
    {%- for feed in feeds() %}
    select
        '{{ feed }}' as feed,
        batch_id,
        row_number,
        {{ key_text(feed) }} as row_key
    from {{ source('lake', feed) }}
    where disposition = 'quarantined'
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

accepted as (
    {%- for feed in feeds() %}
    select
        '{{ feed }}' as feed,
        batch_id,
        {{ key_text(feed) }} as row_key
    from {{ source('lake', feed) }}
    where
        disposition = 'accepted'
        and batch_id in (select later_batch.batch_id from later_batch)
        and row_key in (select quarantined.row_key from quarantined where quarantined.feed = '{{ feed }}')
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

-- A returned file says of its rows which ones they were, so that a row without a key is known too.
said_to_correct as (
    select
        batch_id,
        corrects.batch_id as corrected_batch_id,
        corrects.row_number as corrected_row_number
    from {{ source('lake_of_all', 'row') }}
    where
        disposition = 'accepted'
        and corrects is not null
        and batch_id in (select later_batch.batch_id from later_batch)
),

come_good as (
    select
        quarantined.feed,
        quarantined.batch_id,
        quarantined.row_number,
        accepted.batch_id as later_batch_id
    from quarantined
    inner join accepted on quarantined.feed = accepted.feed and quarantined.row_key = accepted.row_key
    union all
    select
        quarantined.feed,
        quarantined.batch_id,
        quarantined.row_number,
        said_to_correct.batch_id as later_batch_id
    from quarantined
    inner join said_to_correct
        on
            quarantined.batch_id = said_to_correct.corrected_batch_id
            and quarantined.row_number = said_to_correct.corrected_row_number
),

resolution as (
    select
        come_good.feed,
        come_good.batch_id,
        come_good.row_number,
        later.batch_id as resolved_by_batch,
        later.as_of as resolved_on,
        later.received_at
    from come_good
    inner join batch on come_good.batch_id = batch.batch_id
    inner join batch as later on come_good.later_batch_id = later.batch_id and batch.feed = later.feed
    where
        (later.as_of, later.received_at, later.batch_id) > (batch.as_of, batch.received_at, batch.batch_id)
)

select
    feed,
    batch_id,
    row_number,
    resolved_by_batch,
    resolved_on
from resolution
qualify row_number() over (
    partition by batch_id, row_number
    order by resolved_on, received_at, resolved_by_batch
) = 1
