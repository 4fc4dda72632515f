with mention as not materialized (
    select * from {{ ref('resolved_mention') }}
),

number_name as (
    select * from {{ ref('number_name') }}
),

-- Of a number that stands under several names, every row whose name is not the number's.
other_name as (
    select
        mention.batch_id,
        mention.feed,
        mention.row_number,
        'person_name' as column_name,
        case
            when number_name.agrees then 'id_number_under_two_names' else 'name_disagrees_with_id_number'
        end as finding
    from mention
    inner join number_name
        on mention.number_id = number_name.number_id and mention.person_name = number_name.person_name
    where not number_name.is_owner_name
),

decided as (
    select * from {{ ref('decided') }}
),

-- A decision about a key that nobody has, or has any longer, decides nothing.
about_nobody as (
    select
        staged.batch_id,
        'link_decision' as feed,
        staged.row_number,
        'person_key' as column_name,
        'no_such_person' as finding
    from {{ ref('stg_link__decision') }} as staged
    anti join decided
        on {{ decided_key('staged') }} = decided.person_key and staged.other_person_key = decided.other_person_key
),

registered as (
    select * from mention where feed = 'registry_member' and {{ counts_on(as_of()) }}
),

person_of_two_households as (
    select person_id
    from registered
    group by person_id
    having min(household_code) <> max(household_code)
),

two_households as (
    select
        registered.batch_id,
        registered.feed,
        registered.row_number,
        'household_code' as column_name,
        'person_in_two_households' as finding
    from registered
    semi join person_of_two_households on registered.person_id = person_of_two_households.person_id
)

select * from other_name
union all
select * from two_households
union all
select * from about_nobody
