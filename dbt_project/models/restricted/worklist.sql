with build as (
    select * from {{ source('build', 'build') }}
),

signals as (
    select * from {{ ref('signal_due') }}
),

rules as (
    select * from {{ ref('rule') }}
),

households as (
    select * from {{ ref('dim_household') }}
),

divisions as (
    select * from {{ ref('dim_division') }}
),

identities as (
    select * from {{ ref('person_identity') }}
),

-- A signal about a household is about its head.
placed as (
    select
        signals.*,
        heads.person_name as head_name,
        coalesce(subjects.person_name, heads.person_name) as person_name,
        coalesce(subjects.phone, heads.phone) as phone,
        divisions.name as place_name,
        coalesce(divisions.town_code, divisions.county_code, signals.division_code) as town_code
    from signals
    left join households on signals.household_key = households.household_key
    left join identities as heads on households.head_person_key = heads.person_key
    left join identities as subjects on signals.person_key = subjects.person_key
    left join divisions on signals.division_code = divisions.division_code
)

select
    build.as_of,
    build.known_at,
    placed.town_code,
    towns.name as town_name,
    placed.division_code,
    placed.place_name,
    placed.signal_id,
    placed.household_code,
    placed.head_name,
    placed.person_name,
    placed.phone,
    rules.domain_zh as guarantee,
    placed.severity,
    rules.title_zh as title,
    placed.explanation,
    rules.check_at_door_zh as check_at_door,
    placed.first_detected_on,
    placed.due_on
from placed
cross join build
inner join rules on placed.rule_id = rules.rule_id
left join divisions as towns on placed.town_code = towns.division_code
