{#-
  The names of the rule models: every model that lies in models/signals itself, and not in a folder under it.
  While dbt parses, its graph is still empty, but the files that it read are there; so refs, and with them lineage and
  order, follow from the folder and no list is kept by hand.
-#}
{% macro rule_models() -%}
    {%- set names = [] -%}
    {%- for file in ref.manifest.files.values() -%}
        {%- set path = file.path.relative_path -%}
        {%- set parts = path.replace('\\', '/').split('/') -%}
        {%- if file.path.searched_path == 'models' and parts | length == 2
            and parts[0] == 'signals' and path.endswith('.sql') -%}
            {%- do names.append(parts[1][:-4]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not names -%}
        {{ exceptions.raise_compiler_error('no rule model found in models/signals') }}
    {%- endif -%}
    {{ return(names | sort) }}
{%- endmacro %}

{#- The source row that a signal rests on; the relation is named where several are joined. -#}
{% macro evidence(feed, relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {'feed': '{{ feed }}', 'batch_id': {{ prefix }}batch_id, 'row_number': {{ prefix }}row_number}
{%- endmacro %}

{#- The source rows of a group that a signal rests on, always in the same order. -#}
{% macro evidence_list(feed, relation=none) -%}
    list_sort(list({{ evidence(feed, relation) }}))
{%- endmacro %}

{#- An amount of yuan as people read it. -#}
{% macro yuan(amount) -%}
    format('{:,.2f}', cast({{ amount }} as double))
{%- endmacro %}

{#- A number without needless zeros. -#}
{% macro plain(number) -%}
    format('{:g}', cast({{ number }} as double))
{%- endmacro %}
