with mention as not materialized (
    select * from {{ ref('resolved_mention') }}
),

exact_link as (
    select * from {{ ref('exact_link') }}
),

former_key as (
    select * from {{ ref('former_key') }}
),

person as (
    select * from {{ ref('person') }}
),

decided as (
    select * from {{ ref('decided') }}
),

link_score as (
    select * from {{ ref('link_score') }}
),

merged as (
    select * from {{ ref('merged') }}
),

-- Since when rows have told of somebody, under each key that they have or would have by themselves.
known_since as (
    select
        person_id,
        own_key,
        min(as_of) as known_since
    from mention
    group by person_id, own_key
),

decided_on as (
    select
        person_id,
        decided_on
    from merged
    union
    select
        merged_id as person_id,
        max(decided_on) as decided_on
    from merged
    group by merged_id
),

-- A key that rows had until somebody came whom they are found to be of, or until somebody decided it.
merged_key as (
    select
        known_since.own_key as former_person_key,
        person.person_key,
        'merge' as kind,
        coalesce(decided_on.decided_on, min(other.known_since)) as changed_on,
        case when decided_on.decided_on is not null then 'decision' else 'data' end as cause
    from known_since
    inner join person on known_since.person_id = person.person_id
    inner join known_since as other
        on known_since.person_id = other.person_id and other.own_key is null
    left join decided_on on known_since.person_id = decided_on.person_id
    where known_since.own_key is not null
    group by known_since.own_key, person.person_key, known_since.known_since, decided_on.decided_on
    having coalesce(decided_on.decided_on, min(other.known_since)) > known_since.known_since
),

-- One whose rows told it well enough, until several of its name, place and anchor stood in one file.
split_by_data as (
    select distinct
        {{ keyed('person', "'row|' || former_text") }} as former_person_key,
        own_key as person_key,
        'split' as kind,
        split_on as changed_on,
        'data' as cause
    from exact_link
    where former_text is not null
),

-- One whose village has become part of another, once or several times.
rekeyed as (
    select distinct
        former_key.former_key as former_person_key,
        former_key.own_key as person_key,
        'rekey' as kind,
        former_key.merged_on as changed_on,
        'division' as cause
    from former_key
    inner join mention
        on former_key.batch_id = mention.batch_id and former_key.row_number = mention.row_number
    where mention.match_method = 'none'
),

-- What the rows say speaks for a link, and somebody has decided against it.
spoken_for as (
    select
        own_id,
        found_number_id as person_id
    from exact_link
    where found_number_id is not null
    union
    select
        own_id,
        foreign_number_id as person_id
    from exact_link
    where is_single and foreign_number_id is not null
    union
    select
        own_id,
        person_id
    from link_score
),

split_by_decision as (
    select distinct
        person.person_key as former_person_key,
        exact_link.own_key as person_key,
        'split' as kind,
        decided.decided_on as changed_on,
        'decision' as cause
    from exact_link
    inner join decided on exact_link.own_id = decided.person_id
    inner join spoken_for
        on exact_link.own_id = spoken_for.own_id and decided.other_person_id = spoken_for.person_id
    inner join person on decided.other_person_id = person.person_id
    where not decided.is_same
)

select * from merged_key
union all
select * from split_by_data
union all
select * from rekeyed
union all
select * from split_by_decision
