-- A row of a file stands once in its fact, and once in the bridge.
{% for model in models_in('marts') if model.startswith('fct_') or model == 'bridge_source_record' %}
select '{{ model }}' as table_name
from {{ ref(model) }}
group by batch_id, row_number
having count(*) > 1
{%- if not loop.last %}
union all
{%- endif %}
{% endfor %}
