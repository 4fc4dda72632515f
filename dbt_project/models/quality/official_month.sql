with official_month as (
    select * from {{ source('build', 'official_month') }}
)

select
    month,
    revision,
    revision = max(revision) over (partition by month) as is_newest,
    known_at,
    frozen_at,
    models_version,
    reason,
    missing
from official_month
