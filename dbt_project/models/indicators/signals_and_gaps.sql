{{ config(materialized='ephemeral') }}

with signals as (
    select * from {{ ref('risk_signal') }} where status = 'open'
),

gaps as (
    select * from {{ ref('coverage_gap') }}
),

lives as (
    select * from {{ ref('signal_history') }}
),

thresholds as (
    {{ policy('verification_due_days') }}
),

due as (
    select
        division_code,
        cast(verification_due_days as integer) as verification_due_days
    from thresholds
    where observed_on = {{ as_of() }} and population = 'all'
),

open_signals as (
    select
        signals.rule_id,
        signals.division_code,
        signals.first_detected_on
        + coalesce(due.verification_due_days, due_anywhere.verification_due_days) < {{ as_of() }} as is_overdue
    from signals
    left join due on signals.division_code = due.division_code
    left join due as due_anywhere on due_anywhere.division_code = ''
),

told as (
    select
        'signals_open' as indicator,
        rule_id as category,
        division_code
    from open_signals
    union all
    select
        'signals_overdue' as indicator,
        rule_id as category,
        division_code
    from open_signals
    where is_overdue
    union all
    select
        'signals_opened' as indicator,
        rule_id as category,
        division_code
    from lives
    where opened_on > {{ as_of() }} - interval 1 month
    union all
    select
        'signals_resolved' as indicator,
        rule_id as category,
        division_code
    from lives
    where status = 'resolved' and ended_on > {{ as_of() }} - interval 1 month
    union all
    select
        'coverage_gaps' as indicator,
        kind as category,
        division_code
    from gaps
)

select
    indicator,
    category,
    division_code,
    count(*) as numerator
from told
group by grouping sets ((indicator, division_code, category), (indicator, division_code))
