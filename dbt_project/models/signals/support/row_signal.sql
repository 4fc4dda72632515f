{{ config(materialized='view') }}

with hits as (
    select * from {{ ref('rule_hit') }}
),

silence as (
    select * from {{ ref('silence') }}
)

select
    hits.rule_id,
    hits.household_key,
    hits.person_key,
    hits.division_code,
    hits.observed_value,
    hits.threshold_value,
    hits.explanation,
    hits.explanation_en,
    hits.evidence,
    hits.facts,
    hits.observed_on
from hits
where
    not exists (
        select 1
        from silence
        where
            hits.rule_id = silence.rule_id
            and hits.observed_on = silence.observed_on
            and hits.household_key is not distinct from silence.household_key
            and hits.person_key is not distinct from silence.person_key
    )
