with expenses as (
    select * from {{ ref('medical_expense') }}
    where observed_on = {{ as_of() }}
),

persons as (
    select * from {{ ref('dim_person') }}
)

select
    expenses.person_key,
    persons.household_key,
    cast(expenses.total_cost as decimal(18, 2)) as total_cost,
    cast(expenses.out_of_pocket as decimal(18, 2)) as out_of_pocket,
    expenses.settlements
from expenses
left join persons on expenses.person_key = persons.person_key
