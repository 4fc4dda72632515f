{#-
  The guarantees that the YAML of a model promises as columns is_…_secured, each with whether the registry's own row tells
  of it, so that it is never unknown.
-#}
{% macro guarantees(model) -%}
    {%- set found = {} -%}
    {%- for column in model.columns.values() if column.name.startswith('is_') and column.name.endswith('_secured') -%}
        {%- do found.update({column.name[3:-8]: column.config.meta.told_by_registry}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
