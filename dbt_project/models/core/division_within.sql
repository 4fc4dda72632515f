with recursive divisions as (
    select * from {{ ref('core_division') }}
),

within as (
    select
        division_code,
        division_code as within_code
    from divisions
    union all
    select
        within.division_code,
        above.division_code as within_code
    from within
    inner join divisions as inner_division on within.within_code = inner_division.division_code
    inner join divisions as above
        on inner_division.parent_code = above.division_code and inner_division.level > above.level
)

select
    division_code,
    within_code
from within
