{{ config(materialized='view') }}

{% for rule in compound_rule_models() %}
select * from {{ ref(rule) }}
{{ 'union all by name' if not loop.last }}
{%- endfor %}
