with batch as (
    select * from {{ source('build', 'batch') }}
)

select
    batch_id,
    feed,
    {{ masked_file_name('source_file') }} as source_file,
    sha256,
    as_of,
    scope,
    received_at,
    verdict,
    reason,
    rows_received,
    rows_accepted,
    rows_quarantined,
    rows_duplicate
from batch
