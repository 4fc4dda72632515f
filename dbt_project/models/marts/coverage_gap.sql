with hits as (
    select
        *,
        coalesce(person_key, household_key) as subject_key
    from {{ ref('gap_hit') }}
    where doubts is null
),

dates as (
    select
        observed_on,
        row_number() over (order by observed_on desc) as place
    from {{ ref('observation_date') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

households as (
    select * from {{ ref('dim_household') }}
),

held as (
    select
        hits.kind,
        hits.subject_key,
        hits.observed_on,
        dates.place - row_number() over (
            partition by hits.kind, hits.subject_key
            order by dates.place
        ) as dates_missed
    from hits
    inner join dates on hits.observed_on = dates.observed_on
),

-- Unbroken up to D.
since as (
    select
        kind,
        subject_key,
        min(observed_on) as since
    from held
    where dates_missed = 0
    group by kind, subject_key
)

select
    {{ keyed('gap', "hits.kind || '|' || hits.subject_key") }} as gap_id,
    hits.kind,
    households.household_key,
    hits.person_key,
    coalesce(households.division_code, persons.division_code, hits.division_code) as division_code,
    hits.explanation,
    hits.explanation_en,
    hits.evidence,
    since.since
from hits
inner join since on hits.kind = since.kind and hits.subject_key = since.subject_key
left join persons on hits.person_key = persons.person_key
left join households on coalesce(persons.household_key, hits.household_key) = households.household_key
where hits.observed_on = {{ as_of() }}
