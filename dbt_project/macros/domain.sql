{#- What a rule's domain is called, as the variable `domains` of dbt_project.yml says: {zh: …, en: …}. -#}
{% macro named_domain(domain) -%}
    {{ return(var('domains')[domain]) }}
{%- endmacro %}
