with fact as (
    select * from {{ ref('core_civil_assistance') }} where {{ counts_on(as_of()) }}
)

select
    person_key,
    household_key,
    division_code,
    certificate_number,
    month,
    relation_to_applicant,
    assistance_type,
    dibao_class,
    persons_covered,
    monthly_amount,
    started_month,
    payment_status,
    stopped_month,
    batch_id,
    row_number
from fact
