{#-
  The rows that may tell of a household what a kind of gap misses. One row per observed_on and household of the relation given.
  They are rows about one of its persons that were quarantined, or linked to nobody, in a feed that the kind's entry names in
  absence_feeds, of the paying county's newest month or a later one where they have a month, and of a payment status that the
  entry names in absence_statuses where they have one; and rows of the registry by which
  the household has a person whom the other departments' rows cannot be tied to.
-#}
{% macro doubts_about_household(kind, relation) -%}
    select
        observed_on,
        household_key,
        list_sort(list(distinct doubt)) as doubts
    from (
        select
            {{ relation }}.observed_on,
            {{ relation }}.household_key,
            {'feed': doubt.feed, 'batch_id': doubt.batch_id, 'row_number': doubt.row_number} as doubt
        from {{ relation }}
        inner join (
            select distinct
                household_key,
                person_key
            from {{ ref('core_registry_member') }}
        ) as member on {{ relation }}.household_key = member.household_key
        inner join {{ ref('absence_silence') }} as doubt
            on
                member.person_key = doubt.person_key
                and {{ counts_on(relation ~ '.observed_on', 'doubt') }}
        inner join {{ ref('gap_kind') }} as gap_kind
            on gap_kind.kind = '{{ kind }}' and list_contains(gap_kind.absence_feeds, doubt.feed)
        left join (
            select
                observed_on,
                paying_county,
                max(month) as month
            from {{ ref('assistance_month') }}
            group by observed_on, paying_county
        ) as newest
            on
                {{ relation }}.observed_on = newest.observed_on
                and doubt.paying_county = newest.paying_county
        where {{ may_be_what_is_missed('doubt', 'gap_kind', 'newest') }}
        union all
        select
            {{ relation }}.observed_on,
            {{ relation }}.household_key,
            {{ evidence('registry_member', 'doubtful') }} as doubt
        from {{ relation }}
        inner join {{ ref('doubtful_registration') }} as doubtful
            on
                {{ relation }}.household_key = doubtful.household_key
                and {{ counts_on(relation ~ '.observed_on', 'doubtful') }}
    ) as doubts
    group by observed_on, household_key
{%- endmacro %}
