with division as (
    select * from {{ ref('core_division') }}
)

select
    division_code,
    name,
    level,
    parent_code,
    county_code,
    town_code,
    full_name
from division
