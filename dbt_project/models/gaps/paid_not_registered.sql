{{ config(materialized='ephemeral') }}

with payments as (
    select * from {{ ref('assistance_month') }} where payment_status = '在享'
),

categories as (
    select * from {{ ref('assistance_category') }} where is_rural
),

persons as (
    select
        person_key,
        id_number,
        {{ number_id('id_number') }} as number_id,
        person_name
    from {{ ref('person') }}
),

members as (
    select * from {{ ref('core_registry_member') }}
),

registered_places as (
    select distinct
        observed_on,
        division_code
    from {{ ref('registry_household') }}
),

doubtful_registrations as (
    select * from {{ ref('doubtful_registration') }}
),

-- The registry claims to hold the rural families of the villages in which it holds any.
unregistered as (
    select
        payments.observed_on,
        payments.person_key,
        payments.division_code,
        payments.month,
        payments.assistance_type,
        {{ evidence('civil_assistance', 'payments') }} as evidence,
        persons.id_number is null as is_without_number,
        persons.number_id,
        persons.person_name
    from payments
    inner join categories on payments.assistance_type = categories.assistance_type
    inner join persons on payments.person_key = persons.person_key
    inner join registered_places
        on
            payments.observed_on = registered_places.observed_on
            and payments.division_code = registered_places.division_code
    anti join members
        on
            payments.person_key = members.person_key
            and {{ counts_on('payments.observed_on', 'members') }}
),

-- A receiver without a number may be anybody whom the registry holds, and a row of the registry in doubt a receiver's.
doubts as (
    select
        observed_on,
        person_key,
        evidence as doubt
    from unregistered
    where is_without_number
    union
    select
        unregistered.observed_on,
        unregistered.person_key,
        {{ evidence('registry_member', 'doubtful_registrations') }} as doubt
    from unregistered
    inner join doubtful_registrations
        on
            unregistered.number_id = doubtful_registrations.number_id
            and {{ counts_on('unregistered.observed_on', 'doubtful_registrations') }}
    union
    select
        unregistered.observed_on,
        unregistered.person_key,
        {{ evidence('registry_member', 'doubtful_registrations') }} as doubt
    from unregistered
    inner join doubtful_registrations
        on
            unregistered.person_name = doubtful_registrations.person_name
            and starts_with(unregistered.division_code, doubtful_registrations.place)
            and {{ counts_on('unregistered.observed_on', 'doubtful_registrations') }}
),

doubts_of_person as (
    select
        observed_on,
        person_key,
        list_sort(list(doubt)) as doubts
    from doubts
    group by observed_on, person_key
)

select
    cast(null as varchar) as household_key,
    unregistered.person_key,
    max(unregistered.division_code) as division_code,
    max(unregistered.month) || ' 在享'
    || string_agg(distinct unregistered.assistance_type, '、' order by unregistered.assistance_type)
    || '，而防返贫监测系统中没有此人，尽管登记有同村的其他农户。' as explanation,
    'Receives rural assistance in ' || max(unregistered.month)
    || ', yet the registry, which holds families of the same village, does not hold this person.' as explanation_en,
    list_sort(list(unregistered.evidence)) as evidence,
    any_value(doubts_of_person.doubts) as doubts,
    unregistered.observed_on
from unregistered
left join doubts_of_person
    on
        unregistered.observed_on = doubts_of_person.observed_on
        and unregistered.person_key = doubts_of_person.person_key
group by unregistered.observed_on, unregistered.person_key
