with batch as (
    select * from {{ source('build', 'batch') }}
),

feed as (
    select * from {{ source('build', 'feed') }}
),

delivery as (
    select * from {{ source('build', 'delivery') }}
),

row_of_batch as (
    select * from {{ source('lake_of_all', 'row') }}
),

part as (
    select
        delivery.feed,
        delivery.batch_id,
        delivery.received_at,
        delivery.part_key,
        coalesce(batch.verdict, delivery.verdict) in ('rejected', 'held') as is_failed
    from delivery
    left join batch on delivery.batch_id = batch.batch_id
),

failed_part as (
    select * from part where is_failed
),

-- What the same part said before it came in a form that cannot be used; it stands until a good one comes.
said_by_failed_part as (
    select distinct
        failed_part.feed,
        failed_part.received_at,
        part.batch_id
    from failed_part
    inner join part on failed_part.feed = part.feed and starts_with(part.part_key, failed_part.part_key)
    where failed_part.part_key <> ''
),

said_by_same_part as (
    select distinct
        part.batch_id,
        earlier.batch_id as earlier_batch_id
    from part
    inner join part as earlier on part.feed = earlier.feed and part.part_key = earlier.part_key
    where part.part_key <> ''
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
        greatest(batch.received_at, said_anew.said_at) as said_at,
        (batch.feed, greatest(batch.received_at, said_anew.said_at)) in (
            select (failed_part.feed, failed_part.received_at) from failed_part
        ) as is_beside_failed
    from batch
    inner join feed on batch.feed = feed.feed
    left join said_anew on batch.batch_id = said_anew.batch_id
    where batch.counts and feed.delivery = 'snapshot'
),

-- Sheets of a workbook and members of a zip arrive at one moment, and none of them replaces another. One beside a part
-- that cannot be used speaks for what it itself said before, else only for the divisions that it holds rows of.
replacement as (
    select
        earlier.batch_id,
        later.batch_id as later_batch_id,
        later.as_of as replaced_on,
        case
            when later.place_prefix is null or starts_with(earlier.place_prefix, later.place_prefix) then ''
            else later.place_prefix
        end as replaced_prefix,
        later.is_beside_failed and said_by_same_part.batch_id is null as is_by_division
    from snapshot as earlier
    inner join snapshot as later
        on
            earlier.feed = later.feed
            and (earlier.as_of, earlier.said_at) < (later.as_of, later.said_at)
            and (
                starts_with(earlier.place_prefix, later.place_prefix)
                or starts_with(later.place_prefix, coalesce(earlier.place_prefix, ''))
                or (earlier.place_prefix is null and later.place_prefix is null)
            )
    left join said_by_same_part
        on later.batch_id = said_by_same_part.batch_id and earlier.batch_id = said_by_same_part.earlier_batch_id
    left join said_by_failed_part
        on
            later.feed = said_by_failed_part.feed
            and later.said_at = said_by_failed_part.received_at
            and earlier.batch_id = said_by_failed_part.batch_id
    where said_by_failed_part.batch_id is null
),

division_of_batch as (
    select distinct
        batch_id,
        division_code
    from row_of_batch
    where
        disposition = 'accepted'
        and batch_id in (select replacement.later_batch_id from replacement where replacement.is_by_division)
)

select
    batch_id,
    replaced_prefix,
    min(replaced_on) as replaced_on
from replacement
where not is_by_division
group by batch_id, replaced_prefix
union all
select
    replacement.batch_id,
    division_of_batch.division_code as replaced_prefix,
    min(replacement.replaced_on) as replaced_on
from replacement
inner join division_of_batch
    on
        replacement.later_batch_id = division_of_batch.batch_id
        and starts_with(division_of_batch.division_code, replacement.replaced_prefix)
where replacement.is_by_division
group by replacement.batch_id, division_of_batch.division_code
