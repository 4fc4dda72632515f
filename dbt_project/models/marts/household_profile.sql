with households as (
    select * from {{ ref('dim_household') }}
),

signals as (
    select * from {{ ref('risk_signal') }}
),

coverage as (
    select * from {{ ref('feed_coverage') }}
    where covered_from <= {{ as_of() }}
),

feeds as (
    select
        feed,
        domain
    from {{ source('build', 'feed') }}
),

payments as (
    select * from {{ ref('assistance_month') }}
    where observed_on = {{ as_of() }} and payment_status = '在享'
),

expenses as (
    select * from {{ ref('medical_expense_12m') }}
),

covered as (
    select
        {%- for domain in guarantees() %}
        bool_or(feeds.domain = '{{ domain }}') as is_{{ domain }}_covered,
        {%- endfor %}
        coverage.division_code
    from coverage
    inner join feeds on coverage.feed = feeds.feed
    group by coverage.division_code
),

standing as (
    select
        household_key,
        {%- for domain in guarantees() %}
        bool_or(domain = '{{ domain }}') as has_{{ domain }}_signal,
        {%- endfor %}
        count(*) filter (where status = 'open') as open_signals
    from signals
    where status in ('open', 'verified') and household_key is not null
    group by household_key
),

-- The household's amount stands on each of its rows.
certificates as (
    select
        household_key,
        certificate_number,
        max(monthly_amount) as monthly_amount,
        list(assistance_type) as assistance_types
    from payments
    where household_key is not null
    group by household_key, certificate_number
),

assisted as (
    select
        household_key,
        list_sort(list_distinct(flatten(list(assistance_types)))) as assistance_types,
        sum(monthly_amount) as monthly_assistance
    from certificates
    group by household_key
),

spent as (
    select
        household_key,
        sum(out_of_pocket) as out_of_pocket
    from expenses
    where household_key is not null
    group by household_key
)

select
    households.household_key,
    households.household_code,
    households.division_code,
    {%- for domain, is_told_by_registry in guarantees().items() %}
    case
        when standing.has_{{ domain }}_signal then false
        when {{ 'true' if is_told_by_registry else 'covered.is_' ~ domain ~ '_covered' }} then true
    end as is_{{ domain }}_secured,
    {%- endfor %}
    coalesce(standing.open_signals, 0) as open_signals,
    coalesce(assisted.assistance_types, cast([] as varchar[])) as assistance_types,
    cast(coalesce(assisted.monthly_assistance, 0) as decimal(18, 2)) as monthly_assistance,
    cast(coalesce(spent.out_of_pocket, 0) as decimal(18, 2)) as out_of_pocket_12m
from households
left join standing on households.household_key = standing.household_key
left join covered on households.division_code = covered.division_code
left join assisted on households.household_key = assisted.household_key
left join spent on households.household_key = spent.household_key
