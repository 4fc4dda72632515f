{#-
  Holds where a doubtful row of relation `doubt` may be the one that a rule or a kind of gap misses: of the month of `newest` or
  a later one, and of a payment status that the entry in relation `entry` names in absence_statuses, where there are such.
-#}
{% macro may_be_what_is_missed(doubt, entry, newest) -%}
    ({{ doubt }}.month is null or {{ newest }}.month is null or {{ doubt }}.month >= {{ newest }}.month)
    and coalesce(
        {{ doubt }}.payment_status is null
        or len({{ entry }}.absence_statuses) = 0
        or list_contains({{ entry }}.absence_statuses, {{ doubt }}.payment_status),
        true
    )
{%- endmacro %}
