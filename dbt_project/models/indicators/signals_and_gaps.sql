{{ config(materialized='ephemeral') }}

with gaps as (
    select * from {{ ref('coverage_gap') }}
),

lives as (
    select * from {{ ref('signal_history') }}
),

open_signals as (
    select
        rule_id,
        division_code,
        due_on < {{ as_of() }} as is_overdue
    from {{ ref('signal_due') }}
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
