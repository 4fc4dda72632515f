with recursive division as (
    select *
    from {{ source('build', 'division') }}
    qualify row_number() over (
        partition by division_code
        order by
            coalesce(valid_from <= {{ as_of() }}, true) and coalesce(valid_to >= {{ as_of() }}, true) desc,
            valid_from desc nulls last,
            name asc,
            parent_code asc
    ) = 1
),

path as (
    select
        division.division_code,
        division.name as full_name
    from division
    left join division as parent on division.parent_code = parent.division_code
    where parent.division_code is null or parent.level >= division.level
    union all
    select
        division.division_code,
        path.full_name || division.name as full_name
    from division
    inner join division as parent on division.parent_code = parent.division_code
    inner join path on division.parent_code = path.division_code
    where parent.level < division.level
)

select
    division.division_code,
    division.name,
    division.level,
    division.parent_code,
    {{ county_code('division.division_code') }} as county_code,
    {{ town_code('division.division_code') }} as town_code,
    path.full_name
from division
inner join path on division.division_code = path.division_code
