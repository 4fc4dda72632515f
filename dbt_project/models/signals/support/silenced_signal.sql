with silence as (
    select * from {{ ref('silence') }}
)

select distinct
    feed,
    batch_id,
    row_number,
    cast(null as varchar) as column_name,
    'silences_' || lower(rule_id) as finding
from silence
where observed_on = {{ as_of() }}
