with person as (
    select * from {{ ref('person') }}
)

select
    person_key,
    household_key,
    relation_to_head,
    sex,
    year(birth_date)::integer as birth_year,
    date_sub('year', birth_date, {{ as_of() }})::integer as age,
    division_code,
    left(id_number, 6) || '************' as id_number_masked,
    left(person_name, 1) || '*' as person_name_masked,
    is_in_registry,
    health_status,
    first_seen_on,
    last_seen_on
from person
