with expectation_result as (
    select * from {{ source('build', 'expectation_result') }}
)

select
    batch_id,
    feed,
    expectation,
    column_name,
    severity,
    success,
    rows_checked,
    rows_failed
from expectation_result
