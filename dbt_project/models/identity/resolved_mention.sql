{{ config(materialized='view') }}

with mention as not materialized (
    select * from {{ ref('mention') }}
),

unnumbered as (
    select * from {{ ref('unnumbered') }}
)

select
    mention.*,
    {{ person_id('mention', 'unnumbered') }} as person_id,
    unnumbered.person_id is null as is_by_number,
    case
        when unnumbered.person_id is null then 'id_number'
        when unnumbered.is_linked then 'linked'
        else 'none'
    end as match_method,
    case when unnumbered.is_linked then unnumbered.own_key end as own_key,
    case when unnumbered.person_id is null then 1.0::double else unnumbered.match_probability end as match_probability
from mention
left join unnumbered
    on mention.batch_id = unnumbered.batch_id and mention.row_number = unnumbered.row_number
