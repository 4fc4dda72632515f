{{ config(materialized='view') }}

{#-
  The feeds whose rows name a person, and what else a feed tells of one.
  `anchor` is what, beside name and village, pins down a person whose row has no number: the feed's own key less its
  time. It `pins` where one value of it cannot stand for two people of one name, however many rows it stands on.
-#}
{%- set feeds = [
    {
        'model': 'stg_registry__member', 'anchor': 'household_code', 'pins': false,
        'tells': ['household_code', 'relation_to_head', 'sex', 'health_status', 'phone'],
    },
    {
        'model': 'stg_education__enrollment', 'anchor': 'coalesce(student_number, birth_date::varchar)',
        'pins': false, 'tells': ['sex', 'birth_date'],
    },
    {'model': 'stg_education__dropout', 'anchor': 'dropped_out_on::varchar', 'pins': false, 'tells': []},
    {'model': 'stg_health__major_illness', 'anchor': 'illness', 'pins': false, 'tells': []},
    {'model': 'stg_health__chronic_disease', 'anchor': 'disease', 'pins': false, 'tells': []},
    {'model': 'stg_health__settlement', 'anchor': 'settlement_id', 'pins': true, 'tells': []},
    {'model': 'stg_housing__safety', 'anchor': 'dwelling_code', 'pins': true, 'tells': []},
    {'model': 'stg_water__household', 'anchor': 'project_code', 'pins': false, 'tells': []},
    {'model': 'stg_civil__assistance', 'anchor': 'certificate_number', 'pins': true, 'tells': ['month']},
] -%}
{%- set told = {
    'household_code': 'varchar', 'relation_to_head': 'varchar', 'sex': 'varchar', 'health_status': 'varchar',
    'phone': 'varchar', 'birth_date': 'date', 'month': 'varchar',
} -%}
{% for feed in feeds %}
select
    '{{ feed.model | replace("stg_", "") | replace("__", "_") }}' as feed,
    batch_id,
    row_number,
    as_of,
    valid_from,
    valid_to,
    id_number,
    {{ number_id('id_number') }} as number_id,
    person_name,
    division_code,
    {% for column, type in told.items() -%}
    {{ column if column in feed.tells else 'null::' ~ type }} as {{ column }},
    {% endfor -%}
    {{ feed.anchor }} as anchor,
    {{ feed.pins }} as anchor_pins
from {{ ref(feed.model) }}
{{ "union all" if not loop.last }}
{%- endfor %}
