with dates as (
    select observed_on from {{ ref('observation_date') }}
),

members as (
    select * from {{ ref('core_registry_member') }}
),

uninsured as (
    select
        dates.observed_on,
        members.person_key,
        max(members.household_key) as household_key,
        max(members.division_code) as division_code,
        {{ evidence_list('registry_member', 'members') }} as evidence,
        list_sort(list(distinct strftime(members.valid_from, '%Y'))) as facts
    from members
    inner join dates on {{ counts_on('dates.observed_on', 'members') }}
    where not members.has_basic_medical_insurance
    group by dates.observed_on, members.person_key
)

select
    'MED_UNINSURED' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(null as double) as observed_value,
    cast(null as double) as threshold_value,
    '名册登记为未参加城乡居民基本医疗保险。' as explanation,
    'The register says: no basic medical insurance.' as explanation_en,
    evidence,
    facts,
    observed_on
from uninsured
