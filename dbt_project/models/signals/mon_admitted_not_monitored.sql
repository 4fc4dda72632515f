with dates as (
    select observed_on from {{ ref('observation_date') }}
),

verifications as (
    select * from {{ ref('core_verification_result') }}
    where finding = '属实' and admitted and household_key is not null
),

households as (
    select * from {{ ref('core_household') }}
),

coverage as (
    select
        as_of,
        division_code
    from {{ ref('batch_coverage') }}
    where feed = 'registry_member'
),

thresholds as (
    {{ policy('admission_due_days') }}
),

-- Admitted, and on no later day registered as monitored with its risk standing.
waiting as (
    select
        dates.observed_on,
        verifications.*
    from verifications
    inner join dates on {{ counts_on('dates.observed_on', 'verifications') }}
    where
        not exists (
            select 1
            from households
            where
                households.household_key = verifications.household_key
                and households.is_monitored
                and not coalesce(households.is_risk_eliminated, false)
                and households.valid_from <= dates.observed_on
                and (households.valid_to is null or households.valid_to > verifications.verified_on)
        )
),

places as (
    select
        waiting.observed_on,
        waiting.household_key,
        arg_max(households.division_code, (households.as_of, households.batch_id)) as division_code
    from waiting
    inner join households
        on
            waiting.household_key = households.household_key
            and waiting.observed_on >= households.valid_from
    group by waiting.observed_on, waiting.household_key
),

-- What counts is what the register says of the place, and when it was drawn up.
registers as (
    select
        dates.observed_on,
        coverage.division_code,
        max(coverage.as_of) as registered_on
    from coverage
    inner join dates on coverage.as_of <= dates.observed_on
    group by dates.observed_on, coverage.division_code
),

overdue as (
    select
        waiting.observed_on,
        waiting.household_key,
        places.division_code,
        min(waiting.verified_on) as verified_on,
        max(registers.registered_on) as registered_on,
        max(thresholds.admission_due_days) as admission_due_days,
        {{ evidence_list('verification_result', 'waiting') }} as evidence,
        list(distinct strftime(waiting.verified_on, '%Y-%m-%d')) as facts
    from waiting
    inner join places
        on
            waiting.observed_on = places.observed_on
            and waiting.household_key = places.household_key
    inner join registers
        on
            places.observed_on = registers.observed_on
            and places.division_code = registers.division_code
    inner join thresholds
        on
            places.observed_on = thresholds.observed_on
            and places.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where registers.registered_on - waiting.verified_on > thresholds.admission_due_days
    group by waiting.observed_on, waiting.household_key, places.division_code
)

select
    'MON_ADMITTED_NOT_MONITORED' as rule_id,
    household_key,
    cast(null as varchar) as person_key,
    division_code,
    cast(registered_on - verified_on as double) as observed_value,
    admission_due_days as threshold_value,
    strftime(verified_on, '%Y-%m-%d') || ' 核查属实并同意纳入监测，' || (registered_on - verified_on)
    || ' 天后（' || strftime(registered_on, '%Y-%m-%d') || '）的名册仍未登记为监测对象，超过 '
    || {{ plain('admission_due_days') }} || ' 天。' as explanation,
    'Verified and admitted on ' || strftime(verified_on, '%Y-%m-%d') || ', yet not monitored in the register of '
    || strftime(registered_on, '%Y-%m-%d') || ', ' || (registered_on - verified_on) || ' days later; at most '
    || {{ plain('admission_due_days') }} || ' are allowed.' as explanation_en,
    evidence,
    facts,
    observed_on
from overdue
