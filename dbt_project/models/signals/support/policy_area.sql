with divisions as (
    {%- for stated in feeds().values() if 'division_code' in stated.columns %}
    select division_code from {{ ref(stated.staged) }}
    union
    {%- endfor %}
    -- The empty code stands for a row that names no division: national rows apply to it.
    select '' as division_code
),

parameters as (
    select distinct {{ division_prefix('division_code') }} as area
    from {{ source('build', 'policy_parameter') }}
)

select
    divisions.division_code,
    max_by(parameters.area, length(parameters.area)) as area
from divisions
inner join parameters on starts_with(divisions.division_code, parameters.area)
group by divisions.division_code
