with household_supply as (
    select * from {{ ref('core_water_household') }} where {{ counts_on(as_of()) }}
),

project_month as (
    select * from {{ ref('core_water_project') }} where {{ counts_on(as_of()) }}
),

newest_month as (
    select *
    from project_month
    qualify row_number() over (
        partition by project_code
        order by month desc, as_of desc, batch_id asc, row_number asc
    ) = 1
)

select
    household_supply.person_key,
    household_supply.household_key,
    household_supply.division_code,
    household_supply.project_code,
    household_supply.supply_method,
    household_supply.round_trip_minutes,
    household_supply.seasonal_shortage,
    newest_month.project_name,
    newest_month.project_type,
    newest_month.population_served,
    newest_month.month,
    newest_month.quality_result,
    newest_month.failed_indicator,
    newest_month.litres_per_person_day,
    newest_month.guarantee_rate,
    newest_month.outage_days,
    household_supply.batch_id,
    household_supply.row_number
from household_supply
left join newest_month on household_supply.project_code = newest_month.project_code
