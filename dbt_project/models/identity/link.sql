with score as (
    select * from {{ ref('link_score') }}
),

mention as (
    select * from {{ ref('mention') }}
),

exact_link as (
    select * from {{ ref('exact_link') }}
),

row_of_score as (
    select
        exact_link.own_id,
        mention.batch_id,
        mention.anchor
    from mention
    inner join exact_link on mention.batch_id = exact_link.batch_id and mention.row_number = exact_link.row_number
    where
        exact_link.linked_number_id is null
        and not mention.anchor_pins
        and exact_link.own_id in (select score.own_id from score)
),

told_by_number as (
    select
        mention.batch_id,
        mention.anchor,
        coalesce(exact_link.linked_number_id, mention.number_id) as person_id
    from mention
    left join exact_link on mention.batch_id = exact_link.batch_id and mention.row_number = exact_link.row_number
    where not mention.anchor_pins and (exact_link.batch_id is null or exact_link.linked_number_id is not null)
),

-- Who stands in the same file, by number, where a person stands once, is not the one without.
named_beside as (
    select
        score.own_id,
        score.person_id
    from score
    inner join row_of_score on score.own_id = row_of_score.own_id
    semi join told_by_number
        on
            score.person_id = told_by_number.person_id
            and row_of_score.batch_id = told_by_number.batch_id
            and row_of_score.anchor is not distinct from told_by_number.anchor
),

decided as (
    select * from {{ ref('decided') }}
),

-- Where somebody has decided, nothing is left to evidence: neither for the pair, nor for one who has been found.
possible as (
    select score.*
    from score
    anti join decided
        on
            score.own_id = decided.person_id
            and (decided.is_same or score.person_id = decided.other_person_id)
    anti join named_beside on score.own_id = named_beside.own_id and score.person_id = named_beside.person_id
),

possible_registered as (
    select * from possible where is_registered
),

-- Registered rows first: whoever is found to be one of them is the person whom that one is found to be.
registered as (
    {{ best_candidate('possible_registered', linking().known_share.registered) }}
),

registered_as as (
    select
        own_id,
        person_id
    from registered
    where match_probability >= {{ linking().link }}
),

possible_other as (
    select possible.* replace (coalesce(registered_as.person_id, possible.person_id) as person_id)
    from possible
    left join registered_as on possible.person_id = registered_as.own_id
    where not possible.is_registered
    qualify row_number() over (
        partition by possible.own_id, coalesce(registered_as.person_id, possible.person_id)
        order by possible.match_weight desc
    ) = 1
),

other as (
    {{ best_candidate('possible_other', linking().known_share.other) }}
),

best as (
    select * from registered
    union all
    select * from other
),

claim as (
    select distinct
        row_of_score.batch_id,
        row_of_score.anchor,
        row_of_score.own_id,
        best.person_id
    from row_of_score
    inner join best on row_of_score.own_id = best.own_id
    where best.match_probability >= {{ linking().link }}
),

-- Two of one file cannot both be somebody who stands there once.
claimed_twice as (
    select distinct own_id
    from claim
    qualify count(*) over (partition by batch_id, anchor, person_id) > 1
)

select
    best.own_id,
    best.person_id,
    best.match_probability,
    best.comparison_zh,
    best.comparison_en,
    case
        when best.match_probability < {{ linking().link }}
            then case when best.another_is_near then 'another_is_near' else 'not_sure_enough' end
        when claimed_twice.own_id is not null then 'claimed_twice'
    end as doubt
from best
left join claimed_twice on best.own_id = claimed_twice.own_id
where best.match_probability >= {{ linking().review }}
