with dates as (
    select observed_on from {{ ref('observation_date') }}
),

members as (
    select * from {{ ref('core_registry_member') }}
),

enrollments as (
    select * from {{ ref('core_education_enrollment') }}
),

coverage as (
    select
        batch_id,
        division_code
    from {{ ref('batch_coverage') }}
    where feed = 'education_enrollment'
),

thresholds as (
    {{ policy('school_age_min', 'school_age_max') }}
),

terms as (
    select
        batch_id,
        valid_from,
        valid_to,
        max(school_term) as school_term
    from enrollments
    group by batch_id, valid_from, valid_to
),

-- A division that no enrolment batch covers has no term, and so no child in it is judged.
school_years as (
    select
        dates.observed_on,
        coverage.division_code,
        make_date(try_cast(left(max(terms.school_term), 4) as integer), 8, 31) as age_on
    from terms
    inner join dates on {{ counts_on('dates.observed_on', 'terms') }}
    inner join coverage on terms.batch_id = coverage.batch_id
    group by dates.observed_on, coverage.division_code
),

enrolled as (
    select distinct
        dates.observed_on,
        enrollments.person_key
    from enrollments
    inner join dates on {{ counts_on('dates.observed_on', 'enrollments') }}
),

members_of_age as (
    select
        school_years.observed_on,
        members.person_key,
        members.household_key,
        members.division_code,
        datesub('year', members.birth_on, school_years.age_on) as age,
        school_years.age_on,
        thresholds.school_age_min,
        members.valid_from,
        members.batch_id,
        members.row_number
    from members
    inner join school_years
        on
            members.division_code = school_years.division_code
            and {{ counts_on('school_years.observed_on', 'members') }}
    inner join thresholds
        on
            school_years.observed_on = thresholds.observed_on
            and school_years.division_code = thresholds.division_code
            and thresholds.population = 'all'
    where
        datesub('year', members.birth_on, school_years.age_on)
        between thresholds.school_age_min and thresholds.school_age_max
),

not_enrolled as (
    select members_of_age.*
    from members_of_age
    left join enrolled
        on
            members_of_age.observed_on = enrolled.observed_on
            and members_of_age.person_key = enrolled.person_key
    where enrolled.person_key is null
    qualify row_number() over (
        partition by members_of_age.observed_on, members_of_age.person_key
        order by members_of_age.valid_from desc, members_of_age.batch_id asc, members_of_age.row_number asc
    ) = 1
)

select
    'EDU_NOT_ENROLLED' as rule_id,
    household_key,
    person_key,
    division_code,
    cast(age as double) as observed_value,
    school_age_min as threshold_value,
    strftime(age_on, '%Y-%m-%d') || ' 满 ' || age || ' 周岁（入学年龄 ' || {{ plain('school_age_min') }}
    || ' 周岁），但在本县最新一批学籍数据中没有任何记录。' as explanation,
    'Aged ' || age || ' on ' || strftime(age_on, '%Y-%m-%d') || ' (school begins at ' || {{ plain('school_age_min') }}
    || '), but in the county''s newest enrolment data under no status.' as explanation_en,
    [{{ evidence('registry_member') }}] as evidence,
    [strftime(age_on, '%Y-%m-%d')] as facts,
    observed_on
from not_enrolled
