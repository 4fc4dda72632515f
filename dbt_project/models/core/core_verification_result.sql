with staged as (
    select * from {{ ref('stg_verification__result') }} where repeats_row is null
),

household as (
    select * from {{ ref('household') }}
)

select
    staged.signal_id,
    household.household_key,
    staged.household_code,
    staged.verified_on,
    staged.finding,
    staged.admitted,
    staged.category,
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
left join household on staged.household_code = household.household_code
