with batch as (
    select * from {{ source('build', 'batch') }}
),

feed as (
    select * from {{ source('build', 'feed') }}
),

snapshot as (
    select
        batch.feed,
        batch.batch_id,
        batch.as_of,
        {{ division_prefix('batch.scope') }} as prefix,
        row_number() over (
            partition by batch.feed
            order by batch.as_of, batch.received_at, batch.batch_id
        ) as position
    from batch
    inner join feed on batch.feed = feed.feed
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
            and earlier.position < later.position
            and (
                starts_with(earlier.prefix, later.prefix)
                or (earlier.prefix is null and later.prefix is null)
            )
    group by earlier.batch_id
),

part_of_batch_replaced as (
    select
        earlier.batch_id,
        later.prefix as replaced_prefix,
        min(later.as_of) as replaced_on
    from snapshot as earlier
    inner join snapshot as later
        on
            earlier.feed = later.feed
            and earlier.position < later.position
            and starts_with(later.prefix, coalesce(earlier.prefix, ''))
            and later.prefix is distinct from earlier.prefix
    group by earlier.batch_id, later.prefix
)

select * from whole_batch_replaced
union all
select * from part_of_batch_replaced
