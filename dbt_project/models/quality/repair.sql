with repair as (
    select * from {{ source('build', 'repair') }}
)

select
    batch_id,
    feed,
    column_name,
    repair,
    cells
from repair
