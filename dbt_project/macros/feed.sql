{#-
  What the contracts state, by feed: staged (the name of its staging model), key, person (the columns id_number, name and
  division, anchor and anchor_pins; none where a feed names nobody), kin
  (id_number and name of whom it names beside), columns (all of them), codes and texts (the ones that
  analysts are told).
-#}
{% macro feeds() -%}
    {{ return(var('feeds')) }}
{%- endmacro %}

{#- What the contract of one feed states. -#}
{% macro stated(feed) -%}
    {{ return(feeds()[feed]) }}
{%- endmacro %}
