{#-
  The domains that are guarantees: the columns is_<domain>_secured that household_profile.yml promises, each with whether the
  registry's own row tells of it, so that it is never unknown. Empty while dbt parses.
-#}
{% macro guarantees() -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for column in graph.nodes['model.' ~ project_name ~ '.household_profile'].columns.values()
            if column.name.startswith('is_') and column.name.endswith('_secured') -%}
            {%- do found.update({column.name[3:-8]: column.config.meta.told_by_registry}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
