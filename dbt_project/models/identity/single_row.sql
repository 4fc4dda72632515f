select distinct
    split_part(source_row, '/', 1) as batch_id,
    try_cast(split_part(source_row, '/', 2) as integer) as row_number
from {{ ref('stg_link__decision') }}
where source_row is not null and repeats_row is null
