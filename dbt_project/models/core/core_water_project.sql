with staged as (
    select * from {{ ref('stg_water__project') }} where repeats_row is null
)

select
    project_code,
    month,
    division_code,
    {{ county_code('division_code') }} as county_code,
    project_name,
    project_type,
    population_served,
    quality_result,
    failed_indicator,
    litres_per_person_day,
    guarantee_rate,
    outage_days,
    batch_id,
    row_number,
    as_of,
    valid_from,
    valid_to
from staged
