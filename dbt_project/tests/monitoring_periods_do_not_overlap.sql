-- A period begins before it ends, and when the one before it has ended: on that day only where the state is another.
with period as (
    select
        *,
        lag(valid_from) over by_day as previous_from,
        lag(valid_to) over by_day as previous_to,
        lag((household_type, is_risk_eliminated)) over by_day as previous_state
    from {{ ref('monitoring_history') }}
    window by_day as (partition by household_key order by valid_from)
)

select household_key
from period
where
    valid_to <= valid_from
    or (previous_from is not null and previous_to is null)
    or previous_to > valid_from
    or (previous_to = valid_from and previous_state is not distinct from (household_type, is_risk_eliminated))
