with mention as not materialized (
    select * from {{ ref('mention') }} where feed = 'registry_member' and number_id is not null
)

select
    number_id,
    max_by(household_code, (as_of, household_code)) as household_code
from mention
group by number_id
