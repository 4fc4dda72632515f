{#- The thresholds of plugins/safetynet/identify/model.json: link, review, known_share (registered, other), stranger_share. -#}
{% macro linking() -%}
    {{ return(var('linking')) }}
{%- endmacro %}
