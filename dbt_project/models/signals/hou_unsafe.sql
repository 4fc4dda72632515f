with dwellings as (
    select * from {{ ref('core_housing_safety') }}
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

unsafe as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        max(dwellings.safety_grade) as safety_grade,
        {{ evidence_list('housing_safety', 'dwellings') }} as evidence,
        list(distinct concat_ws(
            ' ', dwellings.dwelling_code, dwellings.safety_grade, strftime(dwellings.assessed_on, '%Y-%m-%d')
        )) as facts
    from dwellings
    inner join households
        on
            dwellings.household_key = households.household_key
            and {{ counts_on('households.observed_on', 'dwellings') }}
    where
        dwellings.is_only_dwelling
        and dwellings.is_lived_in
        and dwellings.safety_grade in ('C', 'D')
        and coalesce(dwellings.renovation_status, '') <> '已竣工'
    group by households.observed_on, households.household_key, households.division_code
)

select
    'HOU_UNSAFE' as rule_id,
    household_key,
    cast(null as varchar) as person_key,
    division_code,
    cast(null as double) as observed_value,
    cast(null as double) as threshold_value,
    '唯一且实际居住的住房鉴定为 ' || safety_grade || ' 级，改造尚未竣工。' as explanation,
    'The only dwelling, lived in, is graded ' || safety_grade
    || ' and its renovation is not completed.' as explanation_en,
    evidence,
    facts,
    observed_on
from unsafe
