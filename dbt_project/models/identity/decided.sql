with decision as (
    select * from {{ ref('decision') }}
),

own as (
    select distinct
        own_key as person_key,
        own_id as person_id
    from {{ ref('exact_link') }}
    union
    select
        former_key as person_key,
        own_id as person_id
    from {{ ref('former_key') }}
),

-- No number needs its key where nobody has decided anything.
numbered as (
    select distinct
        number_id,
        id_number
    from {{ ref('mention') }}
    where number_id is not null and (select count(*) from decision) > 0
),

keyed_number as (
    select
        {{ keyed('person', "'number|' || id_number") }} as person_key,
        number_id as person_id
    from numbered
),

known as (
    select * from own
    union all
    select * from keyed_number
)

select
    decision.person_key,
    decision.other_person_key,
    one.person_id,
    other.person_id as other_person_id,
    decision.is_same,
    decision.decided_on
from decision
inner join known as one on decision.person_key = one.person_key
inner join known as other on decision.other_person_key = other.person_key
