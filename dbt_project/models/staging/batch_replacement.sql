select
    batch_id,
    replaced_prefix,
    min(replaced_on) as replaced_on
from {{ ref('snapshot_replacement') }}
group by batch_id, replaced_prefix
