-- A whole id number whose name agrees is one person's, and two whole id numbers are never one person.
with mention as (
    select * from {{ ref('resolved_mention') }} where is_by_number
)

select person_id
from mention
group by person_id
having min(id_number) <> max(id_number)
