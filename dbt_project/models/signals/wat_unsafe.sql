with dates as (
    select observed_on from {{ ref('observation_date') }}
),

supplies as (
    select * from {{ ref('core_water_household') }}
),

projects as (
    select * from {{ ref('core_water_project') }}
),

households as (
    select
        observed_on,
        household_key,
        division_code
    from {{ ref('registry_household') }}
),

thresholds as (
    {{ policy('water_litres_min', 'water_guarantee_min', 'water_round_trip_max') }}
),

newest_months as (
    select
        dates.observed_on,
        projects.*
    from projects
    inner join dates on {{ counts_on('dates.observed_on', 'projects') }}
    qualify row_number() over (
        partition by dates.observed_on, projects.project_code
        order by projects.month desc, projects.valid_from desc, projects.batch_id asc, projects.row_number asc
    ) = 1
),

judged as (
    select
        households.observed_on,
        households.household_key,
        households.division_code,
        supplies.project_code,
        newest_months.month,
        newest_months.litres_per_person_day,
        newest_months.guarantee_rate,
        supplies.round_trip_minutes,
        thresholds.water_litres_min,
        thresholds.water_guarantee_min,
        thresholds.water_round_trip_max,
        coalesce(newest_months.quality_result = '不合格', false) as is_bad,
        coalesce(newest_months.litres_per_person_day < thresholds.water_litres_min, false) as is_little,
        coalesce(newest_months.guarantee_rate < thresholds.water_guarantee_min, false) as is_unsure,
        coalesce(supplies.round_trip_minutes > thresholds.water_round_trip_max, false) as is_far,
        {{ evidence('water_household', 'supplies') }} as supply,
        case
            when newest_months.batch_id is not null then {{ evidence('water_project', 'newest_months') }}
        end as project
    from supplies
    inner join households
        on
            supplies.household_key = households.household_key
            and {{ counts_on('households.observed_on', 'supplies') }}
    inner join thresholds
        on
            households.observed_on = thresholds.observed_on
            and households.division_code = thresholds.division_code
            and thresholds.population = 'all'
    left join newest_months
        on
            households.observed_on = newest_months.observed_on
            and supplies.project_code = newest_months.project_code
),

-- What fails first, in the order of the standard's numbers, gives the signal its observed and threshold value.
unsafe as (
    select
        *,
        case
            when is_little then litres_per_person_day
            when is_unsure then guarantee_rate
            when is_far then round_trip_minutes
        end as observed_value,
        case
            when is_little then water_litres_min
            when is_unsure then water_guarantee_min
            when is_far then water_round_trip_max
        end as threshold_value
    from judged
    where is_bad or is_little or is_unsure or is_far
    qualify row_number() over (
        partition by observed_on, household_key
        order by supply
    ) = 1
)

select
    'WAT_UNSAFE' as rule_id,
    household_key,
    cast(null as varchar) as person_key,
    division_code,
    cast(observed_value as double) as observed_value,
    cast(threshold_value as double) as threshold_value,
    '饮水不达标：' || concat_ws(
        '，',
        case when is_bad then '水质不合格' end,
        case
            when is_little
                then
                    '人均日供水 ' || {{ plain('litres_per_person_day') }} || ' 升，低于 '
                    || {{ plain('water_litres_min') }} || ' 升'
        end,
        case
            when is_unsure
                then
                    '供水保证率 ' || {{ plain('100 * guarantee_rate') }} || '%，低于 '
                    || {{ plain('100 * water_guarantee_min') }} || '%'
        end,
        case
            when is_far
                then
                    '取水往返 ' || {{ plain('round_trip_minutes') }} || ' 分钟，超过 '
                    || {{ plain('water_round_trip_max') }} || ' 分钟'
        end
    ) || '。' as explanation,
    'Drinking water fails: ' || concat_ws(
        ', ',
        case when is_bad then 'quality below the standard' end,
        case
            when is_little
                then
                    {{ plain('litres_per_person_day') }} || ' litres a person and day, less than '
                    || {{ plain('water_litres_min') }}
        end,
        case
            when is_unsure
                then
                    'supply guaranteed ' || {{ plain('100 * guarantee_rate') }} || '%, less than '
                    || {{ plain('100 * water_guarantee_min') }} || '%'
        end,
        case
            when is_far
                then
                    {{ plain('round_trip_minutes') }} || ' minutes to fetch water, more than '
                    || {{ plain('water_round_trip_max') }}
        end
    ) || '.' as explanation_en,
    case when project is null then [supply] else [supply, project] end as evidence,
    list_distinct([
        case when is_bad or is_little or is_unsure then concat_ws(' ', project_code, month) else '' end,
        case when is_far then {{ plain('round_trip_minutes') }} else '' end
    ]) as facts,
    observed_on
from unsafe
