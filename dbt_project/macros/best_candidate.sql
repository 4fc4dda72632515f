{#-
  Of the candidates of everybody for whom a condition holds, the best; is_sure where it is likely enough and leads the
  second by enough. The thresholds are the model's: plugins/safetynet/identify/model.json.
-#}
{% macro best_candidate(relation, condition) -%}
    select
        *,
        match_probability >= {{ var('linking').link }}
        and coalesce(
            match_weight - lead(match_weight) over (partition by own_id order by match_weight desc, person_id asc)
            >= {{ var('linking').margin }},
            true
        ) as is_sure
    from {{ relation }}
    where {{ condition }}
    qualify row_number() over (partition by own_id order by match_weight desc, person_id asc) = 1
{%- endmacro %}
