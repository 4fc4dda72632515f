{#- A file name as it may be told: runs of nine and more digits, which may be an id number or a phone, become one star. -#}
{% macro masked_file_name(column) -%}
    regexp_replace({{ column }}, '[0-9０-９](?:[\s-]?[0-9０-９]){8,}[Xx]?', '*', 'g')
{%- endmacro %}
