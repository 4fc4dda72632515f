with person as (
    select * from {{ ref('person') }}
)

select
    person_key,
    id_number,
    person_name,
    birth_date,
    phone
from person
