with batch as (
    select * from {{ source('build', 'batch') }} where counts
),

replaced_batch as (
    select * from {{ ref('batch_replacement') }}
),

resolved_row as (
    select * from {{ ref('resolved_row') }}
),

household as (
    select * from {{ ref('household') }}
),

member as (
    select
        batch_id,
        row_number,
        household_key
    from {{ ref('core_registry_member') }}
),

mention as not materialized (
    select * from {{ ref('resolved_mention') }} where feed = 'registry_member'
),

held_back as (
    select
        lake.batch_id,
        lake.row_number,
        {{ number_id('lake.id_number') }} as number_id,
        lake.person_name,
        household.household_key,
        true as is_held_back,
        coalesce(lake.division_code, batch.scope) as division_code,
        batch.as_of as valid_from,
        least(
            (
                select min(replaced_batch.replaced_on)
                from replaced_batch
                where
                    replaced_batch.batch_id = lake.batch_id
                    and starts_with(coalesce(lake.division_code, ''), replaced_batch.replaced_prefix)
            ),
            resolved_row.resolved_on
        ) as valid_to
    from {{ source('lake', 'registry_member') }} as lake
    inner join batch on lake.batch_id = batch.batch_id
    left join resolved_row
        on lake.batch_id = resolved_row.batch_id and lake.row_number = resolved_row.row_number
    left join household on lake.household_code = household.household_code
    where lake.disposition = 'quarantined'
),

unlinked as (
    select
        mention.batch_id,
        mention.row_number,
        mention.number_id,
        mention.person_name,
        member.household_key,
        false as is_held_back,
        mention.division_code,
        mention.valid_from,
        mention.valid_to
    from mention
    left join member on mention.batch_id = member.batch_id and mention.row_number = member.row_number
    where mention.match_method = 'none'
),

doubtful as (
    select * from held_back
    union all by name
    select * from unlinked
)

select
    batch_id,
    row_number,
    number_id,
    person_name,
    household_key,
    is_held_back,
    division_code,
    {{ place_prefix('division_code') }} as place,
    valid_from,
    valid_to
from doubtful
