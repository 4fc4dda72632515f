with batches as (
    select
        feed,
        batch_id,
        as_of,
        {{ division_prefix('scope') }} as scope_prefix
    from {{ source('build', 'batch') }}
    where counts
),

divisions as (
    select distinct division_code from {{ ref('core_registry_member') }}
)

select
    batches.feed,
    batches.batch_id,
    batches.as_of,
    divisions.division_code
from divisions
inner join batches on starts_with(divisions.division_code, batches.scope_prefix)
