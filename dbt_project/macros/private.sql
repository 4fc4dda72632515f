{#-
  Cells that should hold a code or a text and hold an id number: a clerk takes the head's number for the household's, a
  shifted column puts one where the hospital belongs. Almost every cell is short, or no such shape is in it: one look at each.
-#}
{% macro has_id_shape(cell) -%}
    {%- set digit, gap = '[0-9０-９]', id_gap() ~ '*' -%}
    {%- set month, day = '(0[1-9]|1[0-2]|０[１-９]|１[０-２])', '([0-2][0-9]|3[01]|[０-２][０-９]|３[０１])' -%}
    length({{ cell }}) >= 18
    and regexp_matches(
        {{ cell }},
        '{{ digit }}{6}{{ gap }}(18|19|20|１８|１９|２０){{ digit }}{2}{{ month }}{{ day }}{{ gap }}{{ digit }}{3}[0-9０-９XxＸｘ]'
    )
{%- endmacro %}

{#- What may stand between the groups of a number: blanks, dashes, characters without a width. -#}
{% macro id_gap() -%}
    [\s\x{A0}\x{2000}-\x{206F}\x{3000}\x{FEFF}-]
{%- endmacro %}

{#- A cell's characters in half width, without gaps. -#}
{% macro half_width(cell) -%}
    regexp_replace(
        translate(upper({{ cell }}), '０１２３４５６７８９ＸＧ', '0123456789XG'), '{{ id_gap() }}+', '', 'g'
    )
{%- endmacro %}

{#- Holds where eighteen characters are an id number (GB 11643): a day of birth up to a date, and the check character. -#}
{% macro is_id_number(text, day) -%}
    coalesce(try_strptime(substr({{ text }}, 7, 8), '%Y%m%d')::date between date '1880-01-01' and {{ day }}, false)
    and right({{ text }}, 1) = substr(
        '10X98765432',
        1 + list_sum([
            try_cast(substr({{ text }}, digit, 1) as integer) * 2 ** (18 - digit) for digit in range(1, 18)
        ])::bigint % 11,
        1
    )
{%- endmacro %}

{#-
  A code that is an id number, or begins with one and goes on for up to four digits, as a stand-in that is always the same
  and cannot be turned back. Longer numbers count days and serials, and stay.
-#}
{% macro without_id_number(code, day) -%}
    case
        when
            {{ has_id_shape(code) }}
            and len([
                run for run in regexp_extract_all({{ half_width(code) }}, '[0-9]{17,}X?')
                if length(run) between 18 and 22 and {{ is_id_number('left(run, 18)', day) }}
            ]) > 0
            then {{ keyed('code', half_width(code)) }}
        else {{ code }}
    end
{%- endmacro %}

{#-
  A text with a star for each number that may be a person's: eighteen digits, however they are grouped, fifteen in one run
  (the id number until 1999), a mobile phone. No text needs such a number, so none is asked whether it is one.
-#}
{% macro with_personal_numbers_masked(text) -%}
    {%- set digit = '[0-9０-９]' -%}
    case
        when length({{ text }}) >= 11 and regexp_matches({{ text }}, '{{ digit }}{4}')
            then regexp_replace(
                {{ text }},
                '({{ digit }}{{ id_gap() }}*){17,}[0-9０-９XxＸｘ]|{{ digit }}{15,}|'
                || '\b(86)?1[3-9][0-9]([ -]?[0-9]{4}){2}\b|１[３-９][０-９]{9}',
                '*',
                'g'
            )
        else {{ text }}
    end
{%- endmacro %}
