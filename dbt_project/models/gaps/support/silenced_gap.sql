with hits as (
    select
        kind,
        unnest(doubts) as doubt
    from {{ ref('gap_hit') }}
    where observed_on = {{ as_of() }}
)

select distinct
    doubt.feed,
    doubt.batch_id,
    doubt.row_number,
    cast(null as varchar) as column_name,
    'silences_' || kind as finding
from hits
