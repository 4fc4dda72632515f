with exact_link as (
    select * from {{ ref('exact_link') }} where absorbed_key is not null
),

mention as not materialized (
    select * from {{ ref('mention') }}
),

division_former_key as (
    select * from {{ source('build', 'division_former_key') }}
),

-- All division codes are of one length, and so is what a row says of itself under any of them.
told as (
    select
        exact_link.own_id,
        exact_link.own_key,
        exact_link.identity_text,
        exact_link.batch_id,
        exact_link.row_number,
        division_former_key.merged_on,
        concat_ws('|', mention.feed, mention.person_name, division_former_key.key_code, mention.anchor) as former_self
    from exact_link
    inner join mention
        on exact_link.batch_id = mention.batch_id and exact_link.row_number = mention.row_number
    inner join division_former_key
        on mention.former_division_code = division_former_key.division_code
)

select
    own_id,
    own_key,
    batch_id,
    row_number,
    {{ keyed('person', "'row|' || former_self || substr(identity_text, length(former_self) + 1)") }} as former_key,
    merged_on
from told
