with mention as not materialized (
    select * from {{ ref('mention') }}
),

exact_link as (
    select * from {{ ref('exact_link') }}
),

cut_number as (
    select * from {{ ref('cut_number') }}
),

household_of_number as (
    select * from {{ ref('number_household') }}
),

batch as (
    select * from {{ ref('registry_batch') }}
),

household_of_name as (
    select
        division_code,
        person_name,
        min(household_code) as household_code
    from mention
    where feed = 'registry_member' and person_name is not null
    group by division_code, person_name
    having min(household_code) = max(household_code)
),

row_of_mention as (
    select
        mention.*,
        exact_link.own_id,
        exact_link.foreign_number_id,
        exact_link.linked_number_id is not null as is_linked,
        -- Digits alone, in half width; what a spreadsheet made of a long number counts as far as it was kept.
        {{ half_width('coalesce(mention.damaged_number, cut_number.id_number)') }} as written
    from mention
    inner join exact_link on mention.batch_id = exact_link.batch_id and mention.row_number = exact_link.row_number
    left join cut_number
        on mention.number_id = cut_number.number_id and mention.person_name = cut_number.person_name
),

read_number as (
    select
        *,
        case
            when regexp_full_match(written, '[1-9]\.[0-9]+E\+?1[67]')
                then rtrim(replace(split_part(written, 'E', 1), '.', ''), '0')
            when regexp_full_match(written, '[0-9]{15}000') then left(written, 15)
            when regexp_full_match(written, '[0-9]{14,17}') then written
        end as number_prefix,
        case
            when
                regexp_full_match(written, '[0-9]{17}[0-9X]')
                and right(written, 3) <> '000'
                and replace(written, left(written, 1), '') <> ''
                then written
        end as number_text
    from row_of_mention
),

pinned as (
    select
        feed,
        anchor,
        person_name,
        min(number_id) as number_id
    from mention
    where
        anchor_pins
        and number_id is not null
        and (feed, anchor) in (
            select (read_number.feed, read_number.anchor) from read_number where read_number.anchor_pins
        )
    group by feed, anchor, person_name
    having min(number_id) = max(number_id)
),

batches as (
    select
        read_number.own_id,
        list_sort(list(distinct batch.ordinal)) as registry_batches
    from read_number
    inner join batch on read_number.batch_id = batch.batch_id
    where read_number.feed = 'registry_member'
    group by read_number.own_id
),

-- As often as somebody is told in another way; a row that says the same in every month stands here once.
told as (
    select distinct
        read_number.is_linked,
        read_number.feed = 'registry_member' as is_registered,
        read_number.own_id as person_id,
        pinned.number_id as pinned_id,
        read_number.person_name,
        case when {{ is_village('read_number.division_code') }} then read_number.division_code end as division_code,
        {{ town_code('read_number.division_code') }} as town_code,
        {{ county_code('read_number.division_code') }} as county_code,
        coalesce(
            read_number.household_code,
            household_of_number.household_code,
            household_of_name.household_code
        ) as household_code,
        read_number.birth_date,
        read_number.sex,
        read_number.phone,
        read_number.number_text,
        read_number.number_prefix,
        batches.registry_batches
    from read_number
    left join batches on read_number.own_id = batches.own_id
    left join household_of_number
        on coalesce(read_number.kin_number_id, read_number.foreign_number_id) = household_of_number.number_id
    left join household_of_name
        on
            read_number.kin_name = household_of_name.person_name
            and read_number.division_code = household_of_name.division_code
    left join pinned
        on
            read_number.feed = pinned.feed
            and read_number.anchor = pinned.anchor
            and read_number.person_name = pinned.person_name
            and read_number.anchor_pins
)

select
    row_number() over (order by told) as unique_id,
    *,
    {{ compared_parts() }}
from told
