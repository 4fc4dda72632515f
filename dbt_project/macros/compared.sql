{#- The parts of a name and a number that candidates are found by; see plugins/safetynet/identify/comparisons.py. -#}
{% macro compared_parts() -%}
    left(person_name, 1) as name_start,
    right(person_name, 1) as name_end,
    case
        when length(coalesce(number_text, number_prefix)) >= 14 then left(coalesce(number_text, number_prefix), 14)
    end as number_head,
    right(number_text, 4) as number_tail
{%- endmacro %}
