{{ config(materialized='view') }}

with policy_in_force as (
    select * from {{ ref('policy_in_force') }}
),

policy_area as (
    select * from {{ ref('policy_area') }}
)

select
    policy_in_force.observed_on,
    policy_area.division_code,
    policy_in_force.population,
    policy_in_force.parameter_id,
    policy_in_force.value
from policy_in_force
inner join policy_area on policy_in_force.area = policy_area.area
