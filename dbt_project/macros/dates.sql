{#- The date D that the build answers for. -#}
{% macro as_of() -%}
    getvariable('safetynet').as_of
{%- endmacro %}

{#- Holds where a row of validity [valid_from, valid_to) counts on a date. -#}
{% macro counts_on(day, relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}valid_from <= {{ day }}
    and ({{ prefix }}valid_to is null or {{ day }} < {{ prefix }}valid_to)
{%- endmacro %}

{#- Holds where a row that counts on a date is of a day in the 365 days up to it. -#}
{% macro counts_in_year_to(day, relation, column) -%}
    {{ counts_on(day, relation) }}
    and {{ relation }}.{{ column }} > {{ day }} - 365
    and {{ relation }}.{{ column }} <= {{ day }}
{%- endmacro %}
