-- What a table names of another stands there.
{% for model, column, other, key in [
    ('bridge_source_record', 'person_key', 'dim_person', 'person_key'),
    ('dim_household', 'head_person_key', 'dim_person', 'person_key'),
    ('dim_person', 'household_key', 'dim_household', 'household_key'),
    ('division_indicator', 'indicator', 'indicator', 'indicator'),
    ('risk_signal', 'person_key', 'dim_person', 'person_key'),
    ('signal_history', 'rule_id', 'rule', 'rule_id'),
] %}
select '{{ model }}' as table_name
from {{ ref(model) }} as named
left join {{ ref(other) }} as known on named.{{ column }} = known.{{ key }}
where named.{{ column }} is not null and known.{{ key }} is null
{%- if not loop.last %}
union all
{%- endif %}
{% endfor %}
