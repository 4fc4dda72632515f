with below_line as (
    select * from {{ ref('inc_below_line') }}
),

assistance as (
    select * from {{ ref('core_civil_assistance') }}
),

assisted as (
    select
        household_key,
        min(as_of) as first_seen_on
    from assistance
    where household_key is not null
    group by household_key
)

select
    'CIV_NOT_COVERED' as rule_id,
    below_line.household_key,
    below_line.person_key,
    below_line.division_code,
    below_line.observed_value,
    below_line.threshold_value,
    '家庭人均纯收入 ' || {{ yuan('below_line.observed_value') }} || ' 元，低于监测线 '
    || {{ yuan('below_line.threshold_value') }} || ' 元，而家庭成员从未有过社会救助记录。' as explanation,
    'Net income of ' || {{ yuan('below_line.observed_value') }} || ' yuan a head is below the line of '
    || {{ yuan('below_line.threshold_value') }}
    || ' yuan, yet nobody of the household has ever stood in the assistance data.' as explanation_en,
    below_line.evidence,
    below_line.facts,
    below_line.observed_on
from below_line
left join assisted
    on
        below_line.household_key = assisted.household_key
        and below_line.observed_on >= assisted.first_seen_on
where assisted.household_key is null
