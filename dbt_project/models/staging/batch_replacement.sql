with batch as (
    select * from {{ source('build', 'batch') }}
),

feed as (
    select * from {{ source('build', 'feed') }}
),

delivery as (
    select * from {{ source('build', 'delivery') }}
),

-- A part that is delivered again unchanged beside one that is new was said anew at that moment, with it.
said_anew as (
    select
        again.batch_id,
        max(again.received_at) as said_at
    from delivery as again
    inner join delivery as beside on again.feed = beside.feed and again.received_at = beside.received_at
    where again.verdict = 'duplicate' and starts_with(beside.verdict, 'accepted')
    group by again.batch_id
),

snapshot as (
    select
        batch.feed,
        batch.batch_id,
        batch.as_of,
        {{ division_prefix('batch.scope') }} as place_prefix,
        -- Sheets of a workbook and members of a zip arrive at one moment, and none of them replaces another.
        rank() over (
            partition by batch.feed
            order by batch.as_of, greatest(batch.received_at, said_anew.said_at)
        ) as batch_rank
    from batch
    inner join feed on batch.feed = feed.feed
    left join said_anew on batch.batch_id = said_anew.batch_id
    where batch.counts and feed.delivery = 'snapshot'
),

whole_batch_replaced as (
    select
        earlier.batch_id,
        '' as replaced_prefix,
        min(later.as_of) as replaced_on
    from snapshot as earlier
    inner join snapshot as later
        on
            earlier.feed = later.feed
            and earlier.batch_rank < later.batch_rank
            and (
                starts_with(earlier.place_prefix, later.place_prefix)
                or (earlier.place_prefix is null and later.place_prefix is null)
            )
    group by earlier.batch_id
),

part_of_batch_replaced as (
    select
        earlier.batch_id,
        later.place_prefix as replaced_prefix,
        min(later.as_of) as replaced_on
    from snapshot as earlier
    inner join snapshot as later
        on
            earlier.feed = later.feed
            and earlier.batch_rank < later.batch_rank
            and starts_with(later.place_prefix, coalesce(earlier.place_prefix, ''))
            and later.place_prefix is distinct from earlier.place_prefix
    group by earlier.batch_id, later.place_prefix
)

select * from whole_batch_replaced
union all
select * from part_of_batch_replaced
