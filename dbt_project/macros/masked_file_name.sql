{#-
  A file name as it may be told: runs of nine and more digits, and id numbers and phones written in groups, become a
  star. A county's code and a date stay readable, also side by side.
-#}
{% macro masked_file_name(column) -%}
    regexp_replace(
        {{ column }},
        '[0-9０-９]{9,}[Xx]?|[0-9]{6}[ -][0-9]{8}[ -][0-9]{3}[0-9Xx]|1[0-9]{2}[ -][0-9]{4}[ -][0-9]{4}',
        '*',
        'g'
    )
{%- endmacro %}
