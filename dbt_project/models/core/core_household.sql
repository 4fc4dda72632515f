with member as (
    select
        *,
        coalesce(relation_to_head = '户主', false) as is_head,
        row_number + case when relation_to_head = '户主' then 0 else 1000000000 end as place
    from {{ ref('core_registry_member') }}
)

-- What stands on every member's row is taken from the head's, and from the first other row where that is blank.
select
    household_key,
    any_value(household_code) as household_code,
    arg_min(division_code, place) as division_code,
    {{ county_code('arg_min(division_code, place)') }} as county_code,
    arg_min(household_type, place) as household_type,
    coalesce(
        arg_min(household_type, place) in ('脱贫不稳定户', '边缘易致贫户', '突发严重困难户'), false
    ) as is_monitored,
    arg_min(identified_on, place) as identified_on,
    arg_min(risk_eliminated, place) as is_risk_eliminated,
    arg_min(main_risk, place) as main_risk,
    arg_min(person_key, place) filter (where is_head) as head_person_key,
    arg_min(member_count, place) as member_count,
    count(*) as member_rows,
    arg_min(per_capita_net_income, place) as per_capita_net_income,
    batch_id,
    arg_min(row_number, place) as row_number,
    any_value(as_of) as as_of,
    valid_from,
    valid_to
from member
group by household_key, batch_id, valid_from, valid_to
