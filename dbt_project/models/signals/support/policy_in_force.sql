with parameters as (
    select
        parameter_id,
        {{ division_prefix('division_code') }} as area,
        population,
        valid_from,
        valid_to,
        value,
        is_delivered
    from {{ source('build', 'policy_parameter') }}
),

dates as (
    select observed_on from {{ ref('observation_date') }}
),

areas as (
    select distinct area from parameters
),

populations as (
    select unnest(['all', 'low_income', 'other']) as population
),

-- valid_to is the last day on which a row holds.
candidates as (
    select
        dates.observed_on,
        areas.area,
        populations.population,
        parameters.parameter_id,
        parameters.value,
        row_number() over (
            partition by dates.observed_on, areas.area, populations.population, parameters.parameter_id
            order by
                length(parameters.area) desc,
                parameters.population <> 'all' desc,
                parameters.valid_from desc nulls last,
                parameters.is_delivered desc,
                parameters.value asc
        ) as choice
    from parameters
    inner join dates
        on
            (parameters.valid_from is null or parameters.valid_from <= dates.observed_on)
            and (parameters.valid_to is null or parameters.valid_to >= dates.observed_on)
    inner join areas on starts_with(areas.area, parameters.area)
    inner join populations on parameters.population in ('all', populations.population)
)

select
    observed_on,
    area,
    population,
    parameter_id,
    value
from candidates
where choice = 1
