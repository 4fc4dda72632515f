with delivery as (
    select * from {{ source('build', 'delivery') }}
)

select
    delivery_id,
    batch_id,
    feed,
    {{ masked_file_name('source_file') }} as source_file,
    received_at,
    verdict,
    reason
from delivery
