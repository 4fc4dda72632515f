{#-
  Stage a feed: the accepted rows of the batches that count, and on which days each of them counts.

  A row counts from the as-of date of its batch (valid_from) until what it says is replaced (valid_to, null while it
  counts): in a snapshot feed by a later batch of its place, in an increment feed by a later row of its key. Where two
  rows of a batch share a whole key, repeats_row is the first of them (contradicting ones never come this far). Codes and
  texts that analysts are told leave without the personal numbers that may stand in them.
-#}
{% macro stage(feed) -%}
{%- set key = key_expressions(feed) -%}
{%- set key_is_whole = key_is_whole(feed) -%}
{%- set place = 'division_code' if 'division_code' in stated(feed).columns else 'null::varchar' -%}
with batch as (
    select
        batch.batch_id,
        batch.source_file,
        batch.as_of,
        batch.received_at,
        feed.delivery = 'increment' as is_increment
    from {{ source('build', 'batch') }} as batch
    inner join {{ source('build', 'feed') }} as feed on batch.feed = feed.feed
    where batch.feed = '{{ feed }}' and batch.counts
),

row_of_batch as not materialized (
    select
        lake.* exclude (disposition, reasons, findings),
        batch.* exclude (batch_id)
    from {{ source('lake', feed) }} as lake
    inner join batch on lake.batch_id = batch.batch_id
    where lake.disposition = 'accepted'
),

key_of_several_rows as (
    select hash({{ key | join(", ") }}) as key_hash
    from row_of_batch
    group by key_hash
    having count(*) > 1
),

row_of_shared_key as (
    select
        batch_id,
        row_number,
        as_of,
        received_at,
        is_increment,
        {{ key_is_whole }} as is_whole,
        {{ name_in_key(feed) }} as name_in_key,
        [{% for part in key %}({{ part }})::varchar{{ ", " if not loop.last }}{% endfor %}] as row_key
    from row_of_batch
    where hash({{ key | join(", ") }}) in (select key_hash from key_of_several_rows)
),

end_by_key as (
    select
        batch_id,
        row_number,
        case when is_whole then min(row_number) over (partition by row_key, name_in_key, batch_id) end as first_row,
        case
            when is_increment
                then min(as_of) over (
                    partition by row_key
                    order by as_of, received_at, batch_id
                    groups between 1 following and 1 following
                )
        end as replaced_on
    from row_of_shared_key
),

place_of_batch as (
    select distinct
        batch_id,
        {{ place }} as place
    from row_of_batch
),

end_by_place as (
    select
        place_of_batch.batch_id,
        place_of_batch.place,
        min(replacement.replaced_on) as replaced_on
    from place_of_batch
    inner join {{ ref('batch_replacement') }} as replacement
        on
            place_of_batch.batch_id = replacement.batch_id
            and starts_with(coalesce(place_of_batch.place, ''), replacement.replaced_prefix)
    group by all
)

select
    row_of_batch.* exclude ({{ (['received_at', 'is_increment'] + stated(feed).codes + stated(feed).texts) | join(", ") }}),
    {%- for column in stated(feed).codes %}
    {{ without_id_number('row_of_batch.' ~ column, 'row_of_batch.as_of') }} as {{ column }},
    {%- endfor %}
    {%- for column in stated(feed).texts %}
    {{ with_personal_numbers_masked('row_of_batch.' ~ column) }} as {{ column }},
    {%- endfor %}
    {%- for person in [stated(feed).person] if person %}
    {{ number_id('row_of_batch.' ~ person.id_number) }} as number_id,
    {%- endfor %}
    {%- for kin in stated(feed).kin[:1] %}
    {{ number_id('row_of_batch.' ~ kin.id_number) }} as kin_number_id,
    {%- endfor %}
    row_of_batch.as_of as valid_from,
    least(end_by_key.replaced_on, end_by_place.replaced_on) as valid_to,
    nullif(end_by_key.first_row, row_of_batch.row_number) as repeats_row
from row_of_batch
left join end_by_key
    on row_of_batch.batch_id = end_by_key.batch_id and row_of_batch.row_number = end_by_key.row_number
left join end_by_place
    on
        row_of_batch.batch_id = end_by_place.batch_id
        and {{ place }} is not distinct from end_by_place.place
{%- endmacro %}
