{{ config(materialized='view') }}

{#- What a feed may tell of a person, beside name, number and division. -#}
{%- set told = {
    'household_code': 'varchar', 'relation_to_head': 'varchar', 'sex': 'varchar', 'health_status': 'varchar',
    'phone': 'varchar', 'birth_date': 'date', 'month': 'varchar', 'payment_status': 'varchar',
} -%}
{%- for feed, stated in feeds().items() if stated.person %}
{%- set person = stated.person %}
select
    '{{ feed }}' as feed,
    batch_id,
    row_number,
    as_of,
    valid_from,
    valid_to,
    {{ person.id_number }} as id_number,
    number_id,
    {{ person.id_number }}_damaged as damaged_number,
    {{ person.name }} as person_name,
    {{ person.division }} as division_code,
    former_division_code,
    {% for column, type in told.items() -%}
    {{ column if column in stated.columns else 'null::' ~ type }} as {{ column }},
    {% endfor -%}
    {% for kin in stated.kin[:1] -%}
    kin_number_id,
    {{ kin.name }} as kin_name,
    {% else -%}
    null::bigint as kin_number_id,
    null::varchar as kin_name,
    {% endfor -%}
    {{ anchor(person) }} as anchor,
    {{ person.anchor_pins }} as anchor_pins
from {{ ref(stated.staged) }}
{{ "union all" if not loop.last }}
{%- endfor %}
