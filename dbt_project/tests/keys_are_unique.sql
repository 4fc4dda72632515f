-- No two rows of a table share its key. Keys of small tables are constraints; rows of facts have a test of their own.
{% set keys = {
    'coverage_gap': ['gap_id'],
    'dim_household': ['household_key'],
    'dim_person': ['person_key'],
    'division_indicator': ['division_code', 'indicator_id'],
    'household_identity': ['household_key'],
    'household_profile': ['household_key'],
    'low_income_population': ['person_key', 'category'],
    'medical_expense_12m': ['person_key'],
    'monitoring_candidate': ['household_key'],
    'official_indicator': ['month', 'revision', 'division_code', 'indicator_id'],
    'official_month': ['month', 'revision'],
    'person_identity': ['person_key'],
    'policy_area': ['division_code'],
    'risk_signal': ['signal_id'],
    'signal_history': ['signal_id'],
} %}
{% for model, columns in keys.items() %}
select '{{ model }}' as table_name
from {{ ref(model) }}
group by {{ columns | join(', ') }}
having count(*) > 1
union all
{%- endfor %}
select 'person_identity' as table_name
from {{ ref('person_identity') }}
where id_number is not null
group by id_number
having count(*) > 1
