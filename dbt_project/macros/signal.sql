{#- The names of the rule models. -#}
{% macro rule_models() -%}
    {{ return(models_in('signals')) }}
{%- endmacro %}

{#- The names of the models of rules that rest on the signals of other rules. -#}
{% macro compound_rule_models() -%}
    {{ return(models_in('compound')) }}
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
