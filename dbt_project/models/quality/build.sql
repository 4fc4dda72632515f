with build as (
    select * from {{ source('build', 'build') }}
),

batches as (
    select list(batch_id order by batch_id asc) as batches
    from {{ source('build', 'batch') }}
    where counts
)

select
    build.as_of,
    build.known_at,
    build.models_version,
    build.divisions_version,
    build.policy_version,
    coalesce(batches.batches, cast([] as varchar[])) as batches
from build
cross join batches
