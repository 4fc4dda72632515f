{#-
  Of everybody's candidates in a relation the best, with the chance that it is the one: the row is of one of the
  candidates, as their weights say, or of somebody unknown. another_is_near: the second alone forbids a link. The
  thresholds are the model's: plugins/safetynet/identify/model.json.
-#}
{% macro best_candidate(relation, known_share) -%}
    select
        own_id,
        person_id,
        comparison_zh,
        comparison_en,
        probability as match_probability,
        coalesce(
            lead(probability) over (partition by own_id order by probability desc, person_id asc)
            > {{ 1 - linking().link }},
            false
        ) as another_is_near
    from (
        select
            *,
            round(
                {{ known_share }} * 2 ** match_weight
                / ({{ 1 - known_share }} + {{ known_share }} * sum(2 ** match_weight) over (partition by own_id)),
                6
            ) as probability
        from {{ relation }}
    ) as weighed
    qualify row_number() over (partition by own_id order by probability desc, person_id asc) = 1
{%- endmacro %}
