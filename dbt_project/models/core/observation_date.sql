with batch as (
    select * from {{ source('build', 'batch') }}
),

observed as (
    select as_of as observed_on
    from batch
    where counts
    union
    select {{ as_of() }} as observed_on
)

select
    observed_on,
    observed_on = {{ as_of() }} as is_as_of
from observed
