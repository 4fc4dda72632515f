with build as (
    select * from {{ source('build', 'build') }}
)

select
    as_of,
    known_at,
    models_version,
    divisions_version,
    policy_version
from build
