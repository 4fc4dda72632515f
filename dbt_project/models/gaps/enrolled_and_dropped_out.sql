{{ config(materialized='ephemeral') }}

with out_of_school as (
    select * from {{ ref('edu_dropped_out') }}
),

enrollments as (
    select * from {{ ref('core_education_enrollment') }}
),

dropouts as (
    select * from {{ ref('core_education_dropout') }}
),

enrolled as (
    select *
    from enrollments
    where enrollment_status in ('在读', '送教上门')
),

-- A file that was drawn up before the child left knows nothing of it.
told_by_ledger as (
    select
        out_of_school.observed_on,
        out_of_school.person_key,
        enrolled.enrollment_status,
        enrolled.as_of as enrolled_on,
        '控辍保学台账' as told_by,
        'the dropout ledger' as told_by_en,
        {{ evidence('education_enrollment', 'enrolled') }} as evidence,
        {{ evidence('education_dropout', 'dropouts') }} as contradiction
    from out_of_school
    inner join enrolled
        on
            out_of_school.person_key = enrolled.person_key
            and {{ counts_on('out_of_school.observed_on', 'enrolled') }}
    inner join dropouts
        on
            out_of_school.person_key = dropouts.person_key
            and {{ counts_on('out_of_school.observed_on', 'dropouts') }}
            and dropouts.return_status <> '已劝返'
            and dropouts.dropped_out_on <= enrolled.as_of
),

told_by_another_school as (
    select
        out_of_school.observed_on,
        out_of_school.person_key,
        enrolled.enrollment_status,
        enrolled.as_of as enrolled_on,
        '另一份学籍数据' as told_by,
        'another enrolment file' as told_by_en,
        {{ evidence('education_enrollment', 'enrolled') }} as evidence,
        {{ evidence('education_enrollment', 'enrollments') }} as contradiction
    from out_of_school
    inner join enrolled
        on
            out_of_school.person_key = enrolled.person_key
            and {{ counts_on('out_of_school.observed_on', 'enrolled') }}
    inner join enrollments
        on
            out_of_school.person_key = enrollments.person_key
            and {{ counts_on('out_of_school.observed_on', 'enrollments') }}
            and enrollments.enrollment_status = '辍学'
            and enrolled.batch_id <> enrollments.batch_id
            and enrolled.school_term = enrollments.school_term
),

told as (
    select * from told_by_ledger
    union all
    select * from told_by_another_school
)

select
    max(out_of_school.household_key) as household_key,
    told.person_key,
    max(out_of_school.division_code) as division_code,
    strftime(max(told.enrolled_on), '%Y-%m-%d') || ' 的学籍数据记为' || max(told.enrollment_status) || '，而'
    || string_agg(distinct told.told_by, '和' order by told.told_by) || '记为辍学，此后没有已劝返复学的记录。' as explanation,
    'Enrolled in the school data of ' || strftime(max(told.enrolled_on), '%Y-%m-%d') || ', yet '
    || string_agg(distinct told.told_by_en, ' and ' order by told.told_by_en)
    || ' says dropped out, and no return is recorded since.' as explanation_en,
    list_sort(list_distinct(list(told.evidence) || list(told.contradiction))) as evidence,
    told.observed_on
from told
inner join out_of_school
    on
        told.observed_on = out_of_school.observed_on
        and told.person_key = out_of_school.person_key
group by told.observed_on, told.person_key
