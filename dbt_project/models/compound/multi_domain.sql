with signals as (
    select * from {{ ref('standing_signal') }}
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('multi_domain_min') }}
),

troubled as (
    select
        observed_on,
        household_key,
        count(distinct domain) as domains,
        string_agg(distinct title_zh, '、' order by title_zh) as titles_zh,
        string_agg(distinct title_en, ', ' order by title_en) as titles_en,
        list_sort(list_distinct(flatten(list(evidence)))) as evidence,
        list(distinct domain) as facts
    from signals
    group by observed_on, household_key
)

select
    'MULTI_DOMAIN' as rule_id,
    households.household_key,
    cast(null as varchar) as person_key,
    households.division_code,
    cast(troubled.domains as double) as observed_value,
    thresholds.multi_domain_min as threshold_value,
    '同时有 ' || troubled.domains || ' 个方面的预警（达到 ' || {{ plain('thresholds.multi_domain_min') }} || ' 个方面）：'
    || troubled.titles_zh || '。' as explanation,
    'Signals of ' || troubled.domains || ' domains at once (' || {{ plain('thresholds.multi_domain_min') }}
    || ' or more): ' || troubled.titles_en || '.' as explanation_en,
    troubled.evidence,
    troubled.facts,
    households.observed_on
from troubled
inner join households
    on
        troubled.observed_on = households.observed_on
        and troubled.household_key = households.household_key
inner join thresholds
    on
        households.observed_on = thresholds.observed_on
        and households.division_code = thresholds.division_code
        and thresholds.population = 'all'
where troubled.domains >= thresholds.multi_domain_min
