with staged as (
    select decided.* replace ({{ decided_key('decided') }} as person_key)
    from {{ ref('stg_link__decision') }} as decided
    where decided.repeats_row is null
),

-- A pair is a pair in either order, and what was decided last holds.
newest as (
    select
        least(person_key, other_person_key) as person_key,
        greatest(person_key, other_person_key) as other_person_key,
        decision = '同一人' as is_same,
        decided_on
    from staged
    qualify row_number() over (
        partition by least(person_key, other_person_key), greatest(person_key, other_person_key)
        order by decided_on desc, as_of desc, batch_id asc, row_number asc
    ) = 1
)

select
    person_key,
    other_person_key,
    is_same,
    decided_on
from newest
union all
select
    other_person_key as person_key,
    person_key as other_person_key,
    is_same,
    decided_on
from newest
