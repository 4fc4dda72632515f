{#- An id number as an integer: its first 17 digits, which the 18th follows from. -#}
{% macro number_id(id_number) -%}
    try_cast(left({{ id_number }}, 17) as bigint)
{%- endmacro %}

{#- Whom a row is about: by its number, unless it stands among the rows without one that can be used. -#}
{% macro person_id(row, unnumbered) -%}
    coalesce({{ unnumbered }}.person_id, {{ number_id(row ~ '.id_number') }})
{%- endmacro %}
