with score as (
    select * from {{ ref('link_score') }}
),

mention as not materialized (
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
        and exact_link.own_id in (
            select score.own_id from score
            union
            select score.person_id from score
        )
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

is_registered_own as (
    select distinct exact_link.own_id
    from exact_link
    where exact_link.feed = 'registry_member'
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

possible_known as (
    select * from possible
    where person_id > 0 or person_id in (select is_registered_own.own_id from is_registered_own)
),

possible_registered as (
    select * from possible_known where is_registered
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
    select possible_known.* replace (coalesce(registered_as.person_id, possible_known.person_id) as person_id)
    from possible_known
    left join registered_as on possible_known.person_id = registered_as.own_id
    where not possible_known.is_registered
    qualify row_number() over (
        partition by possible_known.own_id, coalesce(registered_as.person_id, possible_known.person_id)
        order by possible_known.match_weight desc
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
),

linked_to_known as (
    select best.own_id
    from best
    anti join claimed_twice on best.own_id = claimed_twice.own_id
    where best.match_probability >= {{ linking().link }}
),

pair_of_strangers as (
    select
        possible.*,
        2 ** possible.match_weight as odds
    from possible
    anti join linked_to_known on possible.own_id = linked_to_known.own_id
    anti join linked_to_known as other on possible.person_id = other.own_id
    where
        possible.own_id < possible.person_id
        and possible.person_id < 0
        and possible.person_id not in (select is_registered_own.own_id from is_registered_own)
        and not possible.is_registered
),

together as (
    select
        pair_of_strangers.own_id,
        pair_of_strangers.person_id
    from pair_of_strangers
    inner join row_of_score on pair_of_strangers.own_id = row_of_score.own_id
    inner join row_of_score as other
        on
            pair_of_strangers.person_id = other.own_id
            and row_of_score.batch_id = other.batch_id
            and row_of_score.anchor is not distinct from other.anchor
),

-- Two who are linked to nobody known, and who do not both stand in one file where a person stands once.
likely_stranger as (
    select
        pair_of_strangers.own_id,
        pair_of_strangers.person_id,
        pair_of_strangers.comparison_zh,
        pair_of_strangers.comparison_en,
        round(
            {{ linking().stranger_share }} * pair_of_strangers.odds
            / ({{ 1 - linking().stranger_share }} + {{ linking().stranger_share }} * pair_of_strangers.odds),
            6
        ) as match_probability
    from pair_of_strangers
    anti join together
        on pair_of_strangers.own_id = together.own_id and pair_of_strangers.person_id = together.person_id
    where match_probability >= {{ linking().link }}
),

-- Who are one must each go with every other: the last stands for all.
member_of_pair as (
    select
        own_id,
        person_id as other_id
    from likely_stranger
    union all
    select
        person_id as own_id,
        own_id as other_id
    from likely_stranger
),

at_odds as (
    select distinct unnest([member_of_pair.own_id, member_of_pair.other_id, other.other_id]) as own_id
    from member_of_pair
    inner join member_of_pair as other
        on member_of_pair.own_id = other.own_id and member_of_pair.other_id < other.other_id
    anti join likely_stranger
        on member_of_pair.other_id = likely_stranger.own_id and other.other_id = likely_stranger.person_id
),

linked_stranger as (
    select
        likely_stranger.own_id,
        likely_stranger.person_id,
        likely_stranger.comparison_zh,
        likely_stranger.comparison_en,
        likely_stranger.match_probability,
        false as another_is_near
    from likely_stranger
    anti join at_odds on likely_stranger.own_id = at_odds.own_id
    anti join at_odds as other on likely_stranger.person_id = other.own_id
    qualify row_number() over (
        partition by likely_stranger.own_id
        order by likely_stranger.person_id desc
    ) = 1
),

considered as (
    select best.*
    from best
    anti join linked_stranger on best.own_id = linked_stranger.own_id
    union all by name
    select * from linked_stranger
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
from considered as best
left join claimed_twice on best.own_id = claimed_twice.own_id
where best.match_probability >= {{ linking().review }}
