{#-
  What identifies a row of a feed, as its contract declares it and its source repeats it in meta.key: column names;
  `person` (the id number where it is whole, else the fallback name + division); `a|person` (the first that is there);
  or an expression over columns.
-#}
{% macro feed_key(feed) -%}
    {%- set found = {} -%}
    {%- for source in (graph.sources.values() if execute else []) -%}
        {%- if source.source_name == 'lake' and source.name == feed -%}
            {%- do found.update(parts=source.config.meta.key) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if execute and not found -%}
        {{ exceptions.raise_compiler_error("the source lake." ~ feed ~ " declares no key") }}
    {%- endif -%}
    {{ return(found.parts or []) }}
{%- endmacro %}

{#- The columns of a part of a key that make it whole, as a list; empty for a part that has no fallback. -#}
{% macro whole_columns(part) -%}
    {{ return(part.replace('person', 'id_number').split('|') if part.split('|')[-1] == 'person' else []) }}
{%- endmacro %}

{#- The SQL of every part of a key, as a list of expressions. -#}
{% macro key_expressions(key) -%}
    {%- set expressions = [] -%}
    {%- for part in key -%}
        {%- set whole = whole_columns(part) -%}
        {%- if whole -%}
            {%- do expressions.append("coalesce(" ~ whole | join(", ") ~ ", person_name || '@' || division_code)") -%}
        {%- else -%}
            {%- do expressions.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(expressions) }}
{%- endmacro %}

{#- Holds where a key does not rest on its fallback. -#}
{% macro key_is_whole(key) -%}
    {%- set conditions = [] -%}
    {%- for part in key if whole_columns(part) -%}
        {%- do conditions.append("coalesce(" ~ whole_columns(part) | join(", ") ~ ", null) is not null") -%}
    {%- endfor -%}
    {{ return(conditions | join(" and ") or "true") }}
{%- endmacro %}

{#- A row's whole key as one text; null where a part of it is missing. -#}
{% macro key_text(feed) -%}
    {%- for part in key_expressions(feed_key(feed)) -%}
        ({{ part }})::varchar{{ " || '|' || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
