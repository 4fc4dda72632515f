{#-
  A feed's rows with keys instead of persons, each with the days on which it counts; a row that another one repeats is left
  out. `columns` are the feed's own that analysts are told. Where a row names no place, its person's is taken.
-#}
{% macro core(feed, columns) -%}
{%- set place = 'coalesce(staged.' ~ stated(feed).person.division ~ ', person.division_code)' -%}
with staged as (
    select * from {{ ref(stated(feed).staged) }} where repeats_row is null
),

unnumbered as (
    select * from {{ ref('unnumbered') }}
),

person as (
    select * from {{ ref('person') }}
)

select
    person.person_key,
    person.household_key,
    {{ place }} as division_code,
    {{ county_code(place) }} as county_code,
    {%- for column in columns %}
    staged.{{ column }},
    {%- endfor %}
    staged.batch_id,
    staged.row_number,
    staged.as_of,
    staged.valid_from,
    staged.valid_to
from staged
left join unnumbered
    on staged.batch_id = unnumbered.batch_id and staged.row_number = unnumbered.row_number
inner join person on {{ person_id('staged', 'unnumbered') }} = person.person_id
{%- endmacro %}
