with states as (
    select * from {{ ref('core_household') }}
    where valid_to is null or valid_from < valid_to
),

days as (
    select
        household_key,
        valid_from as day
    from states
    union
    select
        household_key,
        valid_to as day
    from states
    where valid_to is not null
),

segments as (
    select
        household_key,
        day as valid_from,
        lead(day) over (partition by household_key order by day) as valid_to
    from days
),

-- While two places register a household, the newer batch describes it.
described as (
    select
        segments.household_key,
        states.household_type,
        states.is_monitored,
        states.is_risk_eliminated,
        segments.valid_from,
        segments.valid_to
    from segments
    inner join states
        on
            segments.household_key = states.household_key
            and {{ counts_on('segments.valid_from', 'states') }}
    qualify row_number() over (
        partition by segments.household_key, segments.valid_from
        order by states.as_of desc, states.batch_id asc, states.row_number asc
    ) = 1
),

compared as (
    select
        *,
        lag(valid_to) over before is distinct from valid_from
        or lag(household_type) over before is distinct from household_type
        or lag(is_risk_eliminated) over before is distinct from is_risk_eliminated as is_change
    from described
    window before as (partition by household_key order by valid_from)
),

runs as (
    select
        *,
        count(*) filter (where is_change) over (partition by household_key order by valid_from) as run
    from compared
)

select
    household_key,
    household_type,
    is_monitored,
    is_risk_eliminated,
    min(valid_from) as valid_from,
    arg_max(valid_to, valid_from) as valid_to
from runs
group by household_key, household_type, is_monitored, is_risk_eliminated, run
