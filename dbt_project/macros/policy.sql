{#-
  The policy numbers in force, one row per observed_on, division and population, a column for each parameter named.
  Populations are all, low_income and other; a parameter without rows of its own for a population has those of all.
-#}
{% macro policy() -%}
    select
        observed_on,
        division_code,
        population,
        {%- for parameter_id in varargs %}
        max(case when parameter_id = '{{ parameter_id }}' then value end) as {{ parameter_id }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('policy') }}
    where parameter_id in ('{{ varargs | join("', '") }}')
    group by observed_on, division_code, population
{%- endmacro %}
