{#- An id number as an integer: its first 17 digits, which the 18th follows from. -#}
{% macro number_id(id_number) -%}
    try_cast(left({{ id_number }}, 17) as bigint)
{%- endmacro %}

{#- Whom a row is about: by its number, unless it stands among the rows without one that can be used. -#}
{% macro person_id(row, unnumbered) -%}
    coalesce({{ unnumbered }}.person_id, {{ row }}.number_id)
{%- endmacro %}

{#- The key of a row of a file that is told by nothing but itself. -#}
{% macro row_key(batch_id, row_number) -%}
    {{ keyed('person', "'row|' || concat_ws('|', " ~ batch_id ~ ", " ~ row_number ~ ")") }}
{%- endmacro %}

{#- Whom a decision is about: the row that it names, else the first of its keys. -#}
{% macro decided_key(decision) -%}
    case
        when {{ decision }}.source_row is null then {{ decision }}.person_key
        else {{ row_key("split_part(" ~ decision ~ ".source_row, '/', 1)", "split_part(" ~ decision ~ ".source_row, '/', 2)") }}
    end
{%- endmacro %}

{#- What tells people of one name and village apart who have no number; empty text where a feed declares nothing. -#}
{% macro anchor(person) -%}
    {%- if person.anchor -%}
        coalesce({% for column in person.anchor %}{{ column }}::varchar, {% endfor %}null)
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}
