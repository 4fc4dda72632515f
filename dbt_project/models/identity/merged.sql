with recursive decided as (
    select
        person_id,
        other_person_id,
        decided_on
    from {{ ref('decided') }}
    where is_same
),

reached as (
    select
        person_id,
        person_id as other_person_id
    from decided
    union
    select
        reached.person_id,
        decided.other_person_id
    from reached
    inner join decided on reached.other_person_id = decided.person_id
),

-- Among those who are one the smallest number stands for all; without a number the first of them.
standing as (
    select
        person_id,
        coalesce(min(case when other_person_id > 0 then other_person_id end), max(other_person_id)) as merged_id
    from reached
    group by person_id
),

newest as (
    select
        person_id,
        max(decided_on) as decided_on
    from decided
    group by person_id
)

select
    standing.person_id,
    standing.merged_id,
    newest.decided_on
from standing
inner join newest on standing.person_id = newest.person_id
