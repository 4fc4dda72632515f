with batches as (
    select distinct scope
    from {{ source('build', 'batch') }}
    where counts and scope is not null
),

divisions as (
    select distinct division_code from {{ ref('core_registry_member') }}
)

select
    divisions.division_code,
    batches.scope
from divisions
inner join batches on starts_with(divisions.division_code, {{ division_prefix('batches.scope') }})
