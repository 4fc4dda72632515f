{#- Holds where two texts differ by at most one character that is other, more or missing. -#}
{% macro is_one_apart(a, b) -%}
    len(list_filter(
        range(0, greatest(length({{ a }}), length({{ b }})) + 1),
        lambda i: left({{ a }}, i) = left({{ b }}, i)
            and (
                substr({{ a }}, i + 2) = substr({{ b }}, i + 2)
                or substr({{ a }}, i + 1) = substr({{ b }}, i + 2)
                or substr({{ a }}, i + 2) = substr({{ b }}, i + 1)
            )
    )) > 0
{%- endmacro %}
