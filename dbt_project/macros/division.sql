{#- A division's code without its trailing zero groups: what every code inside it begins with. -#}
{% macro division_prefix(code) -%}
    case
        when substr({{ code }}, 3) = '0000000000' then left({{ code }}, 2)
        when substr({{ code }}, 5) = '00000000' then left({{ code }}, 4)
        when substr({{ code }}, 7) = '000000' then left({{ code }}, 6)
        when substr({{ code }}, 10) = '000' then left({{ code }}, 9)
        else {{ code }}
    end
{%- endmacro %}

{#- The 12-digit code of the county that a division lies in, null above a county. -#}
{% macro county_code(code) -%}
    case when substr({{ code }}, 5) <> '00000000' then left({{ code }}, 6) || '000000' end
{%- endmacro %}

{#- The 12-digit code of the township that a division lies in, null above a township. -#}
{% macro town_code(code) -%}
    case when substr({{ code }}, 7) <> '000000' then left({{ code }}, 9) || '000' end
{%- endmacro %}

{#- Holds where a code names a village, not something wider. -#}
{% macro is_village(code) -%}
    substr({{ code }}, 10) <> '000'
{%- endmacro %}

{#- What the code of every place begins with that a row may mean: its village, or its county where it names no village. -#}
{% macro place_prefix(code) -%}
    case
        when {{ is_village(code) }} then {{ code }}
        else left({{ division_prefix(code) }}, 6)
    end
{%- endmacro %}
