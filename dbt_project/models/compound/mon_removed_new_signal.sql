with signals as (
    select * from {{ ref('standing_signal') }}
),

states as (
    select
        *,
        is_monitored and coalesce(is_risk_eliminated, false) as is_removed
    from {{ ref('core_household') }}
),

runs as (
    select
        *,
        count(*) filter (where not is_removed) over (
            partition by household_key
            order by as_of, batch_id
        ) as run
    from states
),

-- The register gives no day of removal: it is the first register of the unbroken run that says so.
removals as (
    select
        *,
        min(as_of) over (partition by household_key, run) as removed_on
    from runs
    where is_removed
),

returned as (
    select
        signals.observed_on,
        removals.household_key,
        arg_max(removals.division_code, (removals.as_of, removals.batch_id)) as division_code,
        max(removals.removed_on) as removed_on,
        count(distinct signals.signal_id) as new_signals,
        string_agg(distinct signals.title_zh, '、' order by signals.title_zh) as titles_zh,
        string_agg(distinct signals.title_en, ', ' order by signals.title_en) as titles_en,
        list(distinct {{ evidence('registry_member', 'removals') }}) as registers,
        flatten(list(signals.evidence)) as evidence,
        list(distinct signals.signal_id) as facts
    from removals
    inner join signals
        on
            removals.household_key = signals.household_key
            and {{ counts_on('signals.observed_on', 'removals') }}
            and removals.removed_on < signals.opened_on
    group by signals.observed_on, removals.household_key
)

select
    'MON_REMOVED_NEW_SIGNAL' as rule_id,
    household_key,
    cast(null as varchar) as person_key,
    division_code,
    cast(new_signals as double) as observed_value,
    cast(null as double) as threshold_value,
    strftime(removed_on, '%Y-%m-%d') || ' 的名册起登记为风险已消除，此后新出现 ' || new_signals || ' 条预警：' || titles_zh
    || '。' as explanation,
    'Registered as removed since the register of ' || strftime(removed_on, '%Y-%m-%d') || ', and ' || new_signals
    || ' new signal(s) since: ' || titles_en || '.' as explanation_en,
    list_sort(list_distinct(registers || evidence)) as evidence,
    facts,
    observed_on
from returned
