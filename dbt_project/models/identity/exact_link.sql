with mention as not materialized (
    select * from {{ ref('mention') }}
),

decision as (
    select * from {{ ref('decision') }} where not is_same
),

division_key as (
    select * from {{ source('build', 'division_key') }}
),

single_row as (
    select * from {{ ref('single_row') }}
),

other_name as (
    select
        number_id,
        person_name
    from {{ ref('number_name') }}
    where not agrees
    union
    select
        number_id,
        person_name
    from {{ ref('cut_number') }}
),

-- Rows whose number, if there is one, is nobody's or somebody else's, and those decided about by themselves.
unnumbered as (
    select
        mention.*,
        single_row.batch_id is not null as is_single
    from mention
    left join other_name
        on mention.number_id = other_name.number_id and mention.person_name = other_name.person_name
    left join single_row
        on mention.batch_id = single_row.batch_id and mention.row_number = single_row.row_number
    where mention.number_id is null or other_name.number_id is not null or single_row.batch_id is not null
),

numbered as (
    select
        mention.batch_id,
        mention.number_id,
        mention.id_number,
        mention.person_name,
        mention.division_code,
        mention.household_code,
        (mention.number_id // 1000) % 100000000 as birth
    from mention
    anti join other_name
        on mention.number_id = other_name.number_id and mention.person_name = other_name.person_name
    anti join single_row
        on mention.batch_id = single_row.batch_id and mention.row_number = single_row.row_number
    where mention.number_id is not null
),

findable as (
    select
        batch_id,
        row_number,
        person_name,
        division_code,
        household_code,
        strftime(birth_date, '%Y%m%d')::bigint as birth
    from unnumbered
    where {{ is_village('division_code') }} and (household_code is not null or birth_date is not null)
),

-- Somebody with a number who has borne the same name in the same village, and the household or birth date as well.
candidate as (
    select
        findable.batch_id,
        findable.row_number,
        numbered.number_id,
        numbered.id_number,
        false as is_by_birth
    from findable
    inner join numbered
        on
            findable.person_name = numbered.person_name
            and findable.division_code = numbered.division_code
            and findable.household_code = numbered.household_code
    union
    select
        findable.batch_id,
        findable.row_number,
        numbered.number_id,
        numbered.id_number,
        true as is_by_birth
    from findable
    inner join numbered
        on
            findable.person_name = numbered.person_name
            and findable.division_code = numbered.division_code
            and findable.birth = numbered.birth
),

only_candidate as (
    select
        batch_id,
        row_number,
        min(number_id) as number_id,
        min(id_number) as id_number,
        bool_or(is_by_birth) as is_by_birth
    from candidate
    group by batch_id, row_number
    having min(number_id) = max(number_id)
),

found_by_household as (
    select * from only_candidate where not is_by_birth
),

-- In one batch a household has one member of a name: a namesake beside the row, or two rows for one number, and nothing
-- is linked. A name with one birth date in one village is one person, on however many rows (a pupil's by term).
already_there as (
    select
        found_by_household.batch_id,
        found_by_household.number_id
    from found_by_household
    semi join numbered
        on found_by_household.batch_id = numbered.batch_id and found_by_household.number_id = numbered.number_id
    union all
    select
        batch_id,
        number_id
    from found_by_household
    group by batch_id, number_id
    having count(*) > 1
),

linked as (
    select only_candidate.*
    from only_candidate
    anti join already_there
        on
            only_candidate.batch_id = already_there.batch_id
            and only_candidate.number_id = already_there.number_id
),

-- What else a row tells of somebody, where that tells people of one name, place and anchor apart.
described as (
    select
        unnumbered.feed,
        unnumbered.batch_id,
        unnumbered.row_number,
        unnumbered.number_id as foreign_number_id,
        unnumbered.is_single,
        linked.number_id as found_number_id,
        linked.id_number as found_id_number,
        unnumbered.as_of,
        unnumbered.anchor_pins,
        concat_ws(
            '|',
            unnumbered.feed,
            unnumbered.person_name,
            coalesce(division_key.key_code, unnumbered.division_code),
            unnumbered.anchor
        ) as self,
        case
            when merged_division.merged_on is not null
                then concat_ws(
                    '|', unnumbered.feed, unnumbered.person_name, merged_division.key_code, unnumbered.anchor
                )
        end as absorbed_self,
        merged_division.merged_on as absorbed_on,
        concat_ws(
            '|',
            unnumbered.number_id,
            unnumbered.damaged_number,
            unnumbered.birth_date,
            unnumbered.sex,
            unnumbered.phone
        ) as detail,
        unnumbered.person_name is not null and unnumbered.division_code is not null as has_place,
        unnumbered.anchor is not null as has_anchor,
        length(unnumbered.damaged_number) >= 14
        and replace(unnumbered.damaged_number, left(unnumbered.damaged_number, 1), '') <> '' as has_digits
    from unnumbered
    left join linked
        on unnumbered.batch_id = linked.batch_id and unnumbered.row_number = linked.row_number
    left join division_key on unnumbered.division_code = division_key.division_code
    left join division_key as merged_division
        on unnumbered.former_division_code = merged_division.division_code
),

counted as (
    select
        *,
        count(*) over (partition by batch_id, self, is_single) as rows_of_self,
        count(*) over (partition by batch_id, self, is_single, detail) as rows_of_detail
    from described
),

-- Whoever is linked to nobody is told by the row's own key in its feed, where that is one person's in every file; else
-- by what else the row tells, where that is; else by the row.
identified as (
    select
        *,
        case
            when is_single then concat_ws('|', batch_id, row_number)
            when
                has_place
                and has_anchor
                and (anchor_pins or max(rows_of_self) over (partition by self, is_single) = 1)
                then self
            when
                has_place
                and (has_digits or (has_anchor and detail <> ''))
                and max(rows_of_detail) over (partition by self, is_single, detail) = 1
                then concat_ws('|', self, 'detail', detail)
            else concat_ws('|', batch_id, row_number)
        end as identity_text,
        case when has_place and has_anchor and not anchor_pins and not is_single then self end as former_text,
        min(case when rows_of_self > 1 then as_of end) over (partition by self, is_single) as split_on
    from counted
),

-- Who is told by the name of a village that became part of another was told by another text before.
absorbed as (
    select
        *,
        case
            when starts_with(identity_text, self) then absorbed_self || substr(identity_text, length(self) + 1)
        end as absorbed_text
    from identified
),

with_key as (
    select
        *,
        {{ keyed('person', "'row|' || identity_text") }} as own_key,
        case
            when absorbed_text is not null then {{ keyed('person', "'row|' || absorbed_text") }}
        end as absorbed_key,
        case
            when found_id_number is not null then {{ keyed('person', "'number|' || found_id_number") }}
        end as found_key
    from absorbed
)

select
    with_key.feed,
    with_key.batch_id,
    with_key.row_number,
    with_key.as_of,
    with_key.foreign_number_id,
    with_key.is_single,
    with_key.found_number_id,
    case
        when decision.person_key is null and former_decision.person_key is null then with_key.found_number_id
    end as linked_number_id,
    -dense_rank() over (order by with_key.identity_text) as own_id,
    with_key.identity_text,
    with_key.own_key,
    with_key.absorbed_key,
    with_key.absorbed_on,
    case
        when with_key.as_of < with_key.split_on and with_key.former_text <> with_key.identity_text
            then with_key.former_text
    end as former_text,
    with_key.split_on
from with_key
left join decision
    on with_key.own_key = decision.person_key and with_key.found_key = decision.other_person_key
left join decision as former_decision
    on
        with_key.absorbed_key = former_decision.person_key
        and with_key.found_key = former_decision.other_person_key
