with members as (
    select
        person_key,
        household_key
    from {{ ref('core_registry_member') }}
    where {{ counts_on(as_of()) }}
),

households as (
    select * from {{ ref('registry_household') }}
    where observed_on = {{ as_of() }}
),

payments as (
    select * from {{ ref('assistance_month') }}
    where observed_on = {{ as_of() }}
),

categories as (
    select * from {{ ref('assistance_category') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

monitored as (
    select
        members.person_key,
        households.household_type as category,
        households.identified_on as since,
        'registry_member' as feed
    from members
    inner join households on members.household_key = households.household_key
    where households.is_at_risk
),

assisted as (
    select
        payments.person_key,
        categories.category,
        cast(coalesce(payments.started_month, payments.month) || '-01' as date) as since,
        'civil_assistance' as feed
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    where payments.payment_status = '在享' and categories.category is not null
),

memberships as (
    select * from monitored
    union all
    select * from assisted
)

select
    memberships.person_key,
    any_value(persons.household_key) as household_key,
    any_value(persons.division_code) as division_code,
    memberships.category,
    min(memberships.since) as since,
    any_value(memberships.feed) as feed
from memberships
inner join persons on memberships.person_key = persons.person_key
group by memberships.person_key, memberships.category
