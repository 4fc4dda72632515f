{#-
  What identifies a row of a feed, as its contract declares it: column names; `person` (the id number where it is whole,
  else the fallback name + division); `a|person` (the first that is there); or an expression over columns.
-#}
{#- The columns of a part of a key that make it whole, as a list; empty for a part that has no fallback. -#}
{% macro whole_columns(feed, part) -%}
    {%- set columns = part.split('|') -%}
    {{ return(columns[:-1] + [stated(feed).person.id_number] if columns[-1] == 'person' else []) }}
{%- endmacro %}

{#- The SQL of every part of a feed's key, as a list of expressions. -#}
{% macro key_expressions(feed) -%}
    {%- set expressions = [] -%}
    {%- set person = stated(feed).person -%}
    {%- for part in stated(feed).key -%}
        {%- set whole = whole_columns(feed, part) -%}
        {%- if whole -%}
            {%- set fallback = person.name ~ " || '@' || " ~ person.division -%}
            {%- do expressions.append("coalesce(" ~ whole | join(", ") ~ ", " ~ fallback ~ ")") -%}
        {%- else -%}
            {%- do expressions.append('coalesce(' ~ part | replace('|', ', ') ~ ')' if '|' in part else part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(expressions) }}
{%- endmacro %}

{#- Holds where a feed's key does not rest on its fallback. -#}
{% macro key_is_whole(feed) -%}
    {%- set conditions = [] -%}
    {%- for part in stated(feed).key if whole_columns(feed, part) -%}
        {%- do conditions.append("coalesce(" ~ whole_columns(feed, part) | join(", ") ~ ", null) is not null") -%}
    {%- endfor -%}
    {{ return(conditions | join(" and ") or "true") }}
{%- endmacro %}

{#-
  The name that two rows of a batch must share to have one key, where their key rests on a person's number; null where it
  does not. Two names under one number are two people (a child under its parent's number).
-#}
{% macro name_in_key(feed) -%}
    {%- set person = stated(feed).person -%}
    {%- for part in stated(feed).key if part.split('|')[-1] == 'person' -%}
        case
            when true
                {%- for column in part.split('|')[:-1] %} and {{ column }} is null{% endfor %}
                then {{ person.name }}
        end
    {%- else -%}
        null::varchar
    {%- endfor -%}
{%- endmacro %}

{#- A row's whole key as one text; null where a part of it is missing. -#}
{% macro key_text(feed) -%}
    {%- for part in key_expressions(feed) -%}
        ({{ part }})::varchar{{ " || '|' || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
