{{ config(materialized='view') }}

{% for rule in rule_models() %}
select
    rule_id,
    household_key,
    person_key,
    division_code,
    observed_value,
    threshold_value,
    explanation,
    explanation_en,
    evidence,
    observed_on
from {{ ref(rule) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
