with batch as (
    select * from {{ source('build', 'batch') }}
),

feed as (
    select absence_feed as feed from {{ ref('rule') }} where absence_feed <> 'registry_member'
    union
    select unnest(absence_feeds) as feed from {{ ref('gap_kind') }}
),

mention as not materialized (
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

decided_otherwise as (
    select * from {{ ref('decided') }} where not is_same
),

held_back_member as (
    select * from {{ ref('doubtful_registration') }} where is_held_back and household_key is not null
),

held_back as (
    {%- for feed, stated in feeds().items() if stated.person %}
    select
        batch_id,
        row_number,
        {{ number_id(stated.person.id_number) }} as number_id,
        {{ stated.person.name }} as person_name,
        {{ stated.person.division }} as division_code,
        {{ 'month' if 'month' in stated.columns else 'null::varchar as month' }},
        {{ 'payment_status' if 'payment_status' in stated.columns else 'null::varchar as payment_status' }}
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
        null::bigint as own_id,
        held_back.number_id,
        held_back.person_name,
        coalesce(held_back.division_code, batch.scope) as division_code,
        held_back.month,
        held_back.payment_status,
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

-- Of several rows that are of one person it is still unknown who that is.
stranger as (
    select distinct person_id from mention
    where match_method = 'none' and feed <> 'registry_member'
),

unlinked as (
    select
        mention.feed,
        mention.batch_id,
        mention.row_number,
        mention.person_id as own_id,
        mention.number_id,
        mention.person_name,
        mention.division_code,
        mention.month,
        mention.payment_status,
        mention.valid_from,
        mention.valid_to
    from mention
    inner join feed on mention.feed = feed.feed
    where mention.match_method = 'none' or mention.person_id in (select stranger.person_id from stranger)
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
        payment_status,
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
        mention.payment_status,
        mention.valid_from,
        mention.valid_to,
        mention.person_id,
        mention.person_name,
        {{ place_prefix('mention.division_code') }} as place
    from mention
    inner join feed on mention.feed = feed.feed
    where mention.match_method <> 'none' and mention.person_id not in (select stranger.person_id from stranger)
),

namesake as (
    select
        told.feed,
        told.batch_id,
        told.row_number,
        told.division_code,
        told.month,
        told.payment_status,
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
        own_id,
        division_code,
        month,
        payment_status,
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
        described.own_id,
        described.division_code,
        described.month,
        described.payment_status,
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
        told_person_id as own_id,
        division_code,
        month,
        payment_status,
        valid_from,
        valid_to,
        person_id
    from namesake_of_stranger
),

meant as (
    select
        silenced.*,
        person.person_key,
        person.division_code as subject_division_code
    from silenced
    inner join person on silenced.person_id = person.person_id
    anti join decided_otherwise
        on silenced.own_id = decided_otherwise.person_id and silenced.person_id = decided_otherwise.other_person_id
),

every_row as (
    select * from told
    union all by name
    select
        * exclude (own_id, number_id, is_told_by_number),
        number_id as person_id
    from described
    where not is_told_by_number
),

-- A member whose own row of the registry was held back: whatever is told of it is of nobody in the household.
row_of_member as (
    select
        every_row.*,
        held_back_member.batch_id as registry_batch_id,
        held_back_member.row_number as registry_row_number
    from every_row
    inner join held_back_member on every_row.person_id = held_back_member.number_id
    union
    select
        every_row.*,
        held_back_member.batch_id as registry_batch_id,
        held_back_member.row_number as registry_row_number
    from every_row
    inner join held_back_member
        on
            every_row.person_name = held_back_member.person_name
            and starts_with(held_back_member.division_code, every_row.place)
    where held_back_member.number_id is null or coalesce(every_row.person_id < 0, true)
),

meant_member as (
    select
        row_of_member.feed,
        row_of_member.batch_id,
        row_of_member.row_number,
        row_of_member.division_code,
        row_of_member.month,
        row_of_member.payment_status,
        greatest(row_of_member.valid_from, held_back_member.valid_from) as valid_from,
        least(row_of_member.valid_to, held_back_member.valid_to) as valid_to,
        held_back_member.household_key,
        held_back_member.division_code as subject_division_code
    from row_of_member
    inner join held_back_member
        on
            row_of_member.registry_batch_id = held_back_member.batch_id
            and row_of_member.registry_row_number = held_back_member.row_number
    anti join registered
        on
            row_of_member.person_id = registered.person_id
            and row_of_member.registry_batch_id = registered.batch_id
),

meant_subject as (
    select
        feed,
        batch_id,
        row_number,
        division_code,
        month,
        payment_status,
        valid_from,
        valid_to,
        person_key,
        null::varchar as household_key,
        subject_division_code
    from meant
    union all by name
    select
        *,
        null::varchar as person_key
    from meant_member
),

-- Whatever place a row names or leaves blank, it is not about somebody in whose place its batch has been replaced.
end_by_place as (
    select
        meant_subject.batch_id,
        meant_subject.subject_division_code,
        min(replaced_batch.replaced_on) as replaced_on
    from meant_subject
    inner join replaced_batch
        on
            meant_subject.batch_id = replaced_batch.batch_id
            and starts_with(meant_subject.subject_division_code, replaced_batch.replaced_prefix)
    group by meant_subject.batch_id, meant_subject.subject_division_code
)

select
    meant_subject.feed,
    meant_subject.person_key,
    meant_subject.household_key,
    meant_subject.batch_id,
    meant_subject.row_number,
    meant_subject.month,
    meant_subject.payment_status,
    coalesce(
        {{ county_code('batch.scope') }},
        {{ county_code('meant_subject.division_code') }},
        {{ county_code('meant_subject.subject_division_code') }}
    ) as paying_county,
    meant_subject.valid_from,
    least(meant_subject.valid_to, end_by_place.replaced_on) as valid_to
from meant_subject
inner join batch on meant_subject.batch_id = batch.batch_id
left join end_by_place
    on
        meant_subject.batch_id = end_by_place.batch_id
        and meant_subject.subject_division_code = end_by_place.subject_division_code
