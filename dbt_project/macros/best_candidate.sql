{#-
  Of everybody's candidates in a relation the best, with the chance that it is the one: the row is of one of the
  candidates, as their weights say, or of somebody unknown. The thresholds are the model's: plugins/safetynet/identify.

  is_near: another candidate, and nothing else, stands against it.
-#}
{% macro best_candidate(relation, known_share) -%}
    select
        own_id,
        person_id,
        comparison_zh,
        comparison_en,
        {{ known_share }} * 2 ** match_weight
        / ({{ 1 - known_share }} + {{ known_share }} * sum(2 ** match_weight) over (partition by own_id)) as match_probability,
        {{ known_share }} * 2 ** match_weight / ({{ 1 - known_share }} + {{ known_share }} * 2 ** match_weight)
        >= {{ var('linking').link }} as is_likely_alone
    from {{ relation }}
    qualify row_number() over (partition by own_id order by match_weight desc, person_id asc) = 1
{%- endmacro %}
