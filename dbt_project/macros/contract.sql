{#-
  Holds a model to the columns that its YAML promises, with one question to the database. dbt's own check asks two and
  compares in Jinja; it is left to say what differs, where something does.
-#}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- set differing -%}
        select 1
        from (describe {{ get_empty_subquery_sql(sql) }}) as found
        full join (describe {{ get_empty_schema_sql(model.columns) }}) as promised
            on found.column_name = promised.column_name and found.column_type = promised.column_type
        where found.column_name is null or promised.column_name is null
    {%- endset -%}
    {%- if run_query(differing) | length > 0 -%}
        {{ assert_columns_equivalent(sql) }}
    {%- endif -%}
{%- endmacro %}
