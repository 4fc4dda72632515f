with rules as (
    select rule_id from {{ ref('rule') }}
),

signals as (
    select * from {{ ref('signal_history') }}
),

counted as (
    select
        rule_id,
        count(*) as signals,
        count(finding) as doors_knocked_on,
        count(*) filter (where finding in ('属实', '已解决')) as confirmed,
        count(*) filter (where finding = '不属实') as refuted,
        count(*) filter (where status = 'open') as open
    from signals
    group by rule_id
)

select
    rules.rule_id,
    coalesce(counted.signals, 0) as signals,
    coalesce(counted.doors_knocked_on, 0) as doors_knocked_on,
    coalesce(counted.confirmed, 0) as confirmed,
    coalesce(counted.refuted, 0) as refuted,
    cast(counted.confirmed / nullif(counted.doors_knocked_on, 0) as double) as precision, -- noqa: RF04
    coalesce(counted.open, 0) as open
from rules
left join counted on rules.rule_id = counted.rule_id
