-- Every accepted row of a feed that names a person, and no other, stands in the bridge.
with mention as (
    select
        feed,
        count(*) as row_count
    from {{ ref('mention') }}
    group by feed
),

bridge as (
    select
        feed,
        count(*) as row_count
    from {{ ref('bridge_source_record') }}
    group by feed
)

select
    mention.feed,
    mention.row_count
from mention
full join bridge on mention.feed = bridge.feed
where mention.row_count is distinct from bridge.row_count
