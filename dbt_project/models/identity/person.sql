with mention as not materialized (
    select * from {{ ref('resolved_mention') }}
),

household as (
    select * from {{ ref('household') }}
),

owner_name as (
    select
        number_id,
        owner_name
    from {{ ref('number_name') }}
    where is_owner_name
),

identity_text as (
    select
        own_id as person_id,
        any_value(identity_text) as identity_text
    from {{ ref('unnumbered') }}
    where person_id = own_id
    group by own_id
),

-- The newest phone and division; of several told on one day always the same.
told_of as (
    select
        person_id,
        any_value(id_number) filter (where is_by_number) as id_number,
        min(person_name) as person_name,
        min(birth_date) as birth_date,
        min(sex) as sex,
        substr(max(as_of::varchar || phone), 11) as phone,
        substr(max(as_of::varchar || division_code), 11) as division_code,
        min(as_of) as first_seen_on,
        max(as_of) as last_seen_on
    from mention
    group by person_id
),

registered as (
    select
        person_id,
        household_code,
        division_code,
        relation_to_head,
        sex,
        health_status
    from mention
    where feed = 'registry_member' and {{ counts_on(as_of()) }}
    qualify row_number() over (
        partition by person_id
        order by valid_from desc, household_code asc, row_number asc
    ) = 1
),

joined as (
    select
        told_of.person_id,
        told_of.id_number,
        coalesce(owner_name.owner_name, told_of.person_name) as person_name,
        coalesce(
            try_strptime(substr(told_of.id_number, 7, 8), '%Y%m%d')::date,
            told_of.birth_date
        ) as birth_date,
        coalesce(
            registered.sex,
            case when told_of.person_id < 0 then null when told_of.person_id % 2 = 1 then '男' else '女' end,
            told_of.sex
        ) as sex,
        told_of.phone,
        coalesce(registered.division_code, told_of.division_code) as division_code,
        household.household_key,
        registered.relation_to_head,
        registered.health_status,
        registered.person_id is not null as is_in_registry,
        told_of.first_seen_on,
        told_of.last_seen_on,
        coalesce('number|' || told_of.id_number, 'row|' || identity_text.identity_text) as key_text
    from told_of
    left join registered on told_of.person_id = registered.person_id
    left join household on registered.household_code = household.household_code
    left join owner_name on told_of.person_id = owner_name.number_id
    left join identity_text on told_of.person_id = identity_text.person_id
)

select
    {{ keyed('person', 'key_text') }} as person_key,
    * exclude (key_text)
from joined
