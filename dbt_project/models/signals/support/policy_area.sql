with registry as (
    select division_code from {{ ref('core_registry_member') }}
),

chronic_disease as (
    select division_code from {{ ref('core_health_chronic_disease') }}
),

settlement as (
    select division_code from {{ ref('core_health_settlement') }}
),

parameters as (
    select distinct {{ division_prefix('division_code') }} as area
    from {{ source('build', 'policy_parameter') }}
),

-- The empty code stands for a row that names no division: national rows apply to it.
divisions as (
    select division_code from registry
    union
    select division_code from chronic_disease
    union
    select division_code from settlement
    union
    select '' as division_code
)

select
    divisions.division_code,
    max_by(parameters.area, length(parameters.area)) as area
from divisions
inner join parameters on starts_with(divisions.division_code, parameters.area)
group by divisions.division_code
