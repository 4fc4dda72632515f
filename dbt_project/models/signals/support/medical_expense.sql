with dates as (
    select observed_on from {{ ref('observation_date') }}
),

settlements as (
    select * from {{ ref('core_health_settlement') }}
)

select
    dates.observed_on,
    settlements.person_key,
    max(settlements.household_key) as household_key,
    max(settlements.division_code) as division_code,
    sum(settlements.total_cost) as total_cost,
    sum(settlements.out_of_pocket) as out_of_pocket,
    count(*) filter (where settlements.total_cost >= 0) as settlements
from settlements
inner join dates
    on
        {{ counts_in_year_to('dates.observed_on', 'settlements', 'settled_on') }}
group by dates.observed_on, settlements.person_key
