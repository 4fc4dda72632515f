{#-
  The names of the models that lie in a folder of models itself, and not in a folder under it.
  While dbt parses, its graph is still empty, but the files that it read are there; so refs, and with them lineage and
  order, follow from the folder and no list is kept by hand.
-#}
{% macro models_in(folder) -%}
    {%- set names = [] -%}
    {%- for file in ref.manifest.files.values() -%}
        {%- set path = file.path.relative_path -%}
        {%- set parts = path.replace('\\', '/').split('/') -%}
        {%- if file.path.searched_path == 'models' and parts | length == 2
            and parts[0] == folder and path.endswith('.sql') -%}
            {%- do names.append(parts[1][:-4]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not names -%}
        {{ exceptions.raise_compiler_error('no model found in models/' ~ folder) }}
    {%- endif -%}
    {{ return(names | sort) }}
{%- endmacro %}

{#- What the entry of a model in its folder's YAML says of it; empty while dbt parses. -#}
{% macro entry_of(name) -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name].config.meta if execute else {}) }}
{%- endmacro %}

{#- A text of an entry as SQL; null where the entry has none. -#}
{% macro stated_text(text) -%}
    cast({{ "'" ~ text | replace("'", "''") ~ "'" if text else 'null' }} as varchar)
{%- endmacro %}
