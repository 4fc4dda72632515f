with states as (
    select * from {{ ref('core_household') }}
    where valid_to is null or valid_from < valid_to
),

changes as (
    select
        household_key,
        valid_from as changed_on
    from states
    union
    select
        household_key,
        valid_to as changed_on
    from states
    where valid_to is not null
),

segments as (
    select
        household_key,
        changed_on as valid_from,
        lead(changed_on) over (partition by household_key order by changed_on) as valid_to
    from changes
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

-- A run goes on where the segment before ends as this one begins, in the same state.
compared as (
    select
        *,
        (household_type, is_risk_eliminated, valid_from) as begins,
        lag((household_type, is_risk_eliminated, valid_to)) over (
            partition by household_key order by valid_from
        ) as before_ends
    from described
),

runs as (
    select
        *,
        count(*) filter (where before_ends is distinct from begins) over (
            partition by household_key order by valid_from
        ) as run
    from compared
)

select
    household_key,
    household_type,
    is_monitored,
    is_risk_eliminated,
    min(valid_from) as valid_from,
    last(valid_to order by valid_from asc) as valid_to
from runs
group by household_key, household_type, is_monitored, is_risk_eliminated, run
