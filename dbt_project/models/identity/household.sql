with household_code as (
    select distinct household_code
    from {{ ref('stg_registry__member') }}
)

select
    household_code,
    {{ keyed('household', 'household_code') }} as household_key
from household_code
