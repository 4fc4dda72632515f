with batch_coverage as (
    select * from {{ ref('batch_coverage') }}
)

select
    feed,
    division_code,
    min(as_of) as covered_from
from batch_coverage
group by feed, division_code
