{#- The date D that the build answers for. -#}
{% macro as_of() -%}
    getvariable('safetynet_as_of')
{%- endmacro %}

{#- Holds where a row of validity [valid_from, valid_to) counts on a date. -#}
{% macro counts_on(day, relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}valid_from <= {{ day }}
    and ({{ prefix }}valid_to is null or {{ day }} < {{ prefix }}valid_to)
{%- endmacro %}
