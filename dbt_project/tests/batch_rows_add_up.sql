-- For every batch: rows received = accepted + quarantined + duplicate.
select batch_id
from {{ ref('batch') }}
where rows_received is distinct from rows_accepted + rows_quarantined + rows_duplicate
