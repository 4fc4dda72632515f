{#- A build writes new files: nothing stands there that would have to be renamed, kept or dropped, as dbt's own tables
    and views take for granted, at the price of half of its work. A relation is created under its name at once. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- call statement('main', language=model['language'], auto_begin=False) -%}
        {{ create_table_as(False, relation, compiled_code, model['language']) }}
    {%- endcall -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='view') -%}
    {%- call statement('main', auto_begin=False) -%}
        {{ get_create_view_as_sql(relation, sql) }}
    {%- endcall -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
