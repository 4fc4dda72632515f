with households as (
    select * from {{ ref('dim_household') }}
),

history as (
    select * from {{ ref('monitoring_history') }}
),

profiles as (
    select * from {{ ref('household_profile') }}
),

signals as (
    select * from {{ ref('risk_signal') }}
),

rules as (
    select * from {{ ref('rule') }}
),

lives as (
    select * from {{ ref('signal_history') }}
),

coverage as (
    select * from {{ ref('feed_coverage') }}
),

feeds as (
    select * from {{ source('build', 'feed') }}
),

thresholds as (
    {{ policy('monitoring_line', 'release_quiet_months') }}
),

standing as (
    select
        signals.household_key,
        list_sort(list(signals.signal_id)) as signals,
        min(signals.first_detected_on) filter (where rules.admits = 'below_line') as below_line_since,
        min(signals.first_detected_on) filter (where rules.admits = 'shock') as shock_since,
        string_agg(distinct rules.title_zh, '、' order by rules.title_zh) as titles_zh,
        string_agg(distinct rules.title_en, ', ' order by rules.title_en) as titles_en
    from signals
    inner join rules on signals.rule_id = rules.rule_id
    where signals.status in ('open', 'verified') and signals.household_key is not null
    group by signals.household_key
),

-- Whoever was released before comes back as what it was.
admitted as (
    select
        households.household_key,
        households.division_code,
        'admit' as direction,
        case
            when households.is_monitored then households.household_type
            when standing.below_line_since is null then '突发严重困难户'
            when households.household_type = '脱贫户' then '脱贫不稳定户'
            else '边缘易致贫户'
        end as suggested_category,
        coalesce(households.household_type, '农户') || case when households.is_monitored then '（风险已消除）' else '' end
        || case
            when standing.below_line_since is null then '，收入不低于监测线而负担骤增'
            else '，收入低于监测线'
        end
        || '；成立的预警：' || standing.titles_zh || '。' as explanation,
        case
            when households.is_monitored then 'Released before'
            when households.household_type = '脱贫户' then 'Out of poverty'
            else 'An ordinary rural household'
        end
        || case
            when standing.below_line_since is null then ', not below the line but under a sudden burden'
            else ', below the line'
        end
        || '; signals that stand: ' || standing.titles_en || '.' as explanation_en,
        standing.signals,
        coalesce(standing.below_line_since, standing.shock_since) as since
    from households
    inner join standing on households.household_key = standing.household_key
    where
        (not households.is_monitored or households.is_risk_eliminated)
        and coalesce(standing.below_line_since, standing.shock_since) is not null
),

at_risk as (
    select
        households.household_key,
        households.household_type,
        households.division_code,
        households.per_capita_net_income,
        history.valid_from,
        thresholds.monitoring_line,
        thresholds.release_quiet_months,
        {{ as_of() }} - to_months(cast(thresholds.release_quiet_months as integer)) as quiet_from
    from households
    inner join history
        on
            households.household_key = history.household_key
            and history.valid_to is null
    inner join thresholds
        on
            households.division_code = thresholds.division_code
            and thresholds.observed_on = {{ as_of() }}
            and thresholds.population = 'all'
    where households.is_monitored and not coalesce(households.is_risk_eliminated, false)
),

-- A signal that was dismissed was none.
gone as (
    select
        household_key,
        max(coalesce(ended_on, date '9999-12-31')) as gone_on
    from lives
    where status <> 'dismissed'
    group by household_key
),

-- Where a department told nothing, no signal is no quiet.
watched_domains as (
    select
        coverage.division_code,
        feeds.domain,
        min(coverage.covered_from) as covered_from
    from coverage
    inner join feeds on coverage.feed = feeds.feed
    where feeds.domain in ('education', 'medical', 'housing', 'water')
    group by coverage.division_code, feeds.domain
),

watched as (
    select
        division_code,
        max(covered_from) as covered_from
    from watched_domains
    group by division_code
),

released as (
    select
        at_risk.household_key,
        at_risk.division_code,
        'release' as direction,
        at_risk.household_type as suggested_category,
        at_risk.household_type || '，人均纯收入 ' || {{ yuan('at_risk.per_capita_net_income') }} || ' 元，高于监测线 '
        || {{ yuan('at_risk.monitoring_line') }} || ' 元，' || {{ plain('at_risk.release_quiet_months') }}
        || ' 个月以上没有预警。' as explanation,
        'Net income of ' || {{ yuan('at_risk.per_capita_net_income') }} || ' yuan a head, above the line of '
        || {{ yuan('at_risk.monitoring_line') }} || ' yuan, and no signal for '
        || {{ plain('at_risk.release_quiet_months') }} || ' months or more.' as explanation_en,
        cast([] as varchar[]) as signals,
        greatest(at_risk.valid_from, gone.gone_on, watched.covered_from) as since
    from at_risk
    inner join profiles on at_risk.household_key = profiles.household_key
    inner join watched on at_risk.division_code = watched.division_code
    left join gone on at_risk.household_key = gone.household_key
    where
        profiles.is_education_secured
        and profiles.is_medical_secured
        and profiles.is_housing_secured
        and profiles.is_water_secured
        and profiles.is_income_secured
        and at_risk.per_capita_net_income > at_risk.monitoring_line
        and greatest(at_risk.valid_from, gone.gone_on, watched.covered_from) <= at_risk.quiet_from
)

select * from admitted
union all by name
select * from released
