with batch as (
    select * from {{ source('build', 'batch') }}
),

feed as (
    select absence_feed as feed from {{ ref('rule') }} where absence_feed is not null
    union
    select unnest(absence_feeds) as feed from {{ ref('gap_kind') }}
),

mention as (
    select * from {{ ref('resolved_mention') }}
),

person as (
    select * from {{ ref('person') }}
),

replaced_batch as (
    select * from {{ ref('batch_replacement') }}
),

resolved_row as (
    select * from {{ ref('resolved_row') }}
),

held_back as (
    {%- for feed, stated in feeds().items() if stated.person %}
    select
        batch_id,
        row_number,
        {{ number_id(stated.person.id_number) }} as number_id,
        {{ stated.person.name }} as person_name,
        {{ stated.person.division }} as division_code,
        {{ 'month' if 'month' in stated.columns else 'null::varchar as month' }}
    from {{ source('lake', feed) }}
    where disposition = 'quarantined'
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

quarantined as (
    select
        batch.feed,
        held_back.batch_id,
        held_back.row_number,
        held_back.number_id,
        held_back.person_name,
        coalesce(held_back.division_code, batch.scope) as division_code,
        held_back.month,
        batch.as_of as valid_from,
        least(
            (
                select min(replaced_batch.replaced_on)
                from replaced_batch
                where
                    replaced_batch.batch_id = held_back.batch_id
                    and starts_with(coalesce(held_back.division_code, ''), replaced_batch.replaced_prefix)
            ),
            resolved_row.resolved_on
        ) as valid_to
    from held_back
    inner join batch on held_back.batch_id = batch.batch_id
    inner join feed on batch.feed = feed.feed
    left join resolved_row
        on held_back.batch_id = resolved_row.batch_id and held_back.row_number = resolved_row.row_number
    where batch.counts
),

unlinked as (
    select
        mention.feed,
        mention.batch_id,
        mention.row_number,
        mention.number_id,
        mention.person_name,
        mention.division_code,
        mention.month,
        mention.valid_from,
        mention.valid_to
    from mention
    inner join feed on mention.feed = feed.feed
    where mention.match_method = 'none'
),

doubtful as (
    select * from quarantined
    union all by name
    select * from unlinked
),

-- A row whose number is somebody's of its name is told by it; any other row may be any namesake's of its place.
described as (
    select
        doubtful.*,
        {{ place_prefix('doubtful.division_code') }} as place,
        person.person_id is not null
        and coalesce(doubtful.person_name = person.person_name, true) as is_told_by_number
    from doubtful
    left join person on doubtful.number_id = person.person_id
),

registered as (
    select distinct
        person_id,
        person_name,
        division_code,
        batch_id,
        match_method = 'none' as is_without_number
    from mention
    where feed = 'registry_member'
),

-- Also a row whose number tells of somebody may be of a namesake whom the registry knows without a number.
told as (
    select
        feed,
        batch_id,
        row_number,
        division_code,
        month,
        valid_from,
        valid_to,
        number_id as person_id,
        person_name,
        place
    from described
    where is_told_by_number
    union all
    select
        mention.feed,
        mention.batch_id,
        mention.row_number,
        mention.division_code,
        mention.month,
        mention.valid_from,
        mention.valid_to,
        mention.person_id,
        mention.person_name,
        {{ place_prefix('mention.division_code') }} as place
    from mention
    inner join feed on mention.feed = feed.feed
    where mention.match_method <> 'none'
),

namesake as (
    select
        told.feed,
        told.batch_id,
        told.row_number,
        told.division_code,
        told.month,
        told.valid_from,
        told.valid_to,
        told.person_id as told_person_id,
        registered.person_id,
        registered.batch_id as registry_batch_id
    from told
    inner join registered
        on
            told.person_name = registered.person_name
            and starts_with(registered.division_code, told.place)
    where registered.is_without_number
),

-- Whom the same registry batch names beside the namesake is somebody else.
namesake_of_stranger as (
    select namesake.*
    from namesake
    anti join registered
        on
            namesake.told_person_id = registered.person_id
            and namesake.registry_batch_id = registered.batch_id
),

silenced as (
    select
        feed,
        batch_id,
        row_number,
        division_code,
        month,
        valid_from,
        valid_to,
        number_id as person_id
    from described
    where number_id is not null
    union
    select
        described.feed,
        described.batch_id,
        described.row_number,
        described.division_code,
        described.month,
        described.valid_from,
        described.valid_to,
        registered.person_id
    from described
    inner join registered
        on
            described.person_name = registered.person_name
            and starts_with(registered.division_code, described.place)
    where not described.is_told_by_number
    union
    select
        feed,
        batch_id,
        row_number,
        division_code,
        month,
        valid_from,
        valid_to,
        person_id
    from namesake_of_stranger
),

meant as (
    select
        silenced.*,
        person.person_key,
        person.division_code as person_division_code
    from silenced
    inner join person on silenced.person_id = person.person_id
),

-- Whatever place a row names or leaves blank, it is not about somebody in whose place its batch has been replaced.
end_by_place as (
    select
        meant.batch_id,
        meant.person_division_code,
        min(replaced_batch.replaced_on) as replaced_on
    from meant
    inner join replaced_batch
        on
            meant.batch_id = replaced_batch.batch_id
            and starts_with(meant.person_division_code, replaced_batch.replaced_prefix)
    group by meant.batch_id, meant.person_division_code
)

select
    meant.feed,
    meant.person_key,
    meant.batch_id,
    meant.row_number,
    meant.month,
    coalesce(
        {{ county_code('batch.scope') }},
        {{ county_code('meant.division_code') }},
        {{ county_code('meant.person_division_code') }}
    ) as paying_county,
    meant.valid_from,
    least(meant.valid_to, end_by_place.replaced_on) as valid_to
from meant
inner join batch on meant.batch_id = batch.batch_id
left join end_by_place
    on
        meant.batch_id = end_by_place.batch_id
        and meant.person_division_code = end_by_place.person_division_code
