-- One cleaner per kind of column, in steps, each a column of the cleaning statement's next layer:
--   <kind>_is_plain(raw)                                whether the cell stands in its one form already: one look
--   <kind>_characters(is_plain, raw)                    its characters without blanks, signs and widths that do not count
--   <kind>_read(is_plain, characters)                   what they say, NULL where they say nothing of this kind
--   <kind>_value(is_plain, characters, read)            the cell in its one form, NULL where it is not accepted
--   <kind>_issue(raw, characters, read, value)          why a filled cell has no value, NULL otherwise
--   <kind>_repair(is_plain, raw, characters, value)     how a used cell's text differed from its one form, NULL otherwise
-- Every step takes a plain cell's shortest way first. Some kinds take what their column declares (as-of date, unit,
-- spellings) as further arguments.

-- ---- text shared by the kinds ------------------------------------------------------------------------------------

CREATE MACRO is_error(raw) AS raw[1] = '#' AND regexp_full_match(raw, '#(N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!|ERROR!)');
CREATE MACRO is_spoiled(raw) AS contains(raw, chr(65533)) OR contains(raw, chr(0)) OR is_error(raw);
CREATE MACRO is_too_long(raw) AS strlen(raw) > 32767;
-- A text that begins with a sign of ASCII or a common character is not blank; that is cheaper to see than a pattern.
-- (CASE, for in a projection both sides of AND and OR are always worked out.)
CREATE MACRO is_blank(raw) AS
    CASE
        WHEN raw = '' THEN true
        WHEN raw BETWEEN '!' AND '~' OR raw BETWEEN '一' AND '龥' THEN false
        ELSE regexp_full_match(raw, '[\s\x{A0}\x{3000}\x{200B}-\x{200F}\x{2060}\x{FEFF}]*')
    END;

-- Excel's ="…" around a text, and blanks, zero-width characters and byte order marks at both ends.
CREATE MACRO trimmed(raw) AS
    regexp_replace(
        regexp_replace(raw, '^[\s\x{A0}\x{3000}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+|[\s\x{A0}\x{3000}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+$', '', 'g'),
        '^="(.*)"$', '\1', 's'
    );

-- Full-width digits, letters and signs in half width.
CREATE MACRO half_width(raw) AS
    CASE
        WHEN regexp_matches(raw, '[！-～]') THEN translate(
            raw,
            '０１２３４５６７８９．，－／％：＋ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ（）',
            '0123456789.,-/%:+ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()'
        )
        ELSE raw
    END;

-- No blank anywhere, no leading apostrophe, half width.
CREATE MACRO squeezed(raw) AS
    regexp_replace(
        regexp_replace(half_width(raw), '[\s\x{A0}\x{3000}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]+', '', 'g'),
        '^="(.*)"$|^[''‘’`]+', '\1'
    );

CREATE MACRO squeezed_cell(raw) AS CASE WHEN raw = '' OR is_too_long(raw) THEN NULL ELSE nullif(squeezed(raw), '') END;

CREATE MACRO is_mangled_number(text) AS regexp_full_match(text, '[+-]?\d(\.\d+)?[Ee]\+?\d+');

-- The issue that any kind may have; `otherwise` is the kind's own.
CREATE MACRO cell_issue(raw, value, otherwise) AS
    CASE
        WHEN value IS NOT NULL OR is_blank(raw) THEN NULL
        WHEN is_too_long(raw) THEN 'too_long'
        WHEN is_error(raw) THEN 'formula_error'
        WHEN is_spoiled(raw) THEN 'undecodable'
        ELSE otherwise
    END;

-- The repair that any kind may need; `otherwise` is the kind's own.
CREATE MACRO cell_repair(is_plain, raw, one_form, otherwise) AS
    CASE
        WHEN is_plain OR one_form IS NULL OR raw = one_form THEN NULL
        WHEN trimmed(raw) = one_form THEN 'outer_blanks'
        ELSE otherwise
    END;

-- ---- id_number: 18 characters that pass GB 11643 (ISO 7064 MOD 11-2) ----------------------------------------------

-- Which of 10X98765432 the check character is, from the seventeen digits before it taken as one number. The weights are
-- the powers of two modulo 11, so the weighted sum is 2 Σ digit[i] 2^(17-i). With
-- digit = body // 10^k - 10 (body // 10^(k+1)) that is 2 (body - Σ 2^(k+2) (body // 10^k)), and no digit is cut out.
-- Modulo 11, 2^(k+5) is -2^k, which leaves five factors for sixteen quotients; the sum is never negative.
CREATE MACRO id_check(body) AS 2 * (
    body + 3 * (body // 10 - body // 1000000 + body // 100000000000 - body // 10000000000000000)
    + 6 * (body // 100 - body // 10000000 + body // 1000000000000)
    + (body // 1000 - body // 100000000 + body // 10000000000000)
    + 2 * (body // 10000 - body // 1000000000 + body // 100000000000000)
    + 4 * (body // 100000 - body // 10000000000 + body // 1000000000000000)
) % 11;

CREATE MACRO id_check_character(body) AS substr('10X98765432', 1 + id_check(body), 1);

CREATE MACRO id_birth_date(body) AS
    try_cast(substr(body, 7, 4) || '-' || substr(body, 11, 2) || '-' || substr(body, 13, 2) AS DATE);

-- Real dates of 1880 to 2099 alone: days that every month has, those that most have, leap days.
CREATE MACRO id_body_pattern() AS
    '[1-9]\d{5}('
        '(18[89]|19\d|20\d)\d((0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])(29|30)|(0[13578]|1[02])31)'
        '|(188[048]|189[26]|19(0[48]|[2468][048]|[13579][26])|20([02468][048]|[13579][26]))0229'
        ')\d{3}';

CREATE MACRO id_squeezed(raw) AS
    CASE WHEN NOT (raw = '' OR is_too_long(raw)) THEN upper(regexp_replace(squeezed(raw), '[-–—''‘’`]', '', 'g')) END;

-- An id number, type and grade of the disability, and two characters more once the certificate was issued again.
CREATE MACRO is_disability_number(squeezed) AS regexp_full_match(squeezed, '\d{17}[\dX]\d\d([0-9A-Z]\d)?');

-- The seventeen characters before the check character, which numbers of fifteen do not have yet.
CREATE MACRO id_body(squeezed) AS
    CASE
        WHEN length(squeezed) = 18 THEN left(squeezed, 17)
        WHEN regexp_full_match(squeezed, '\d{15}') THEN left(squeezed, 6) || '19' || right(squeezed, 9)
        WHEN length(squeezed) = 19 AND left(squeezed, 1) = 'G' THEN substr(squeezed, 2, 17)
        WHEN is_disability_number(squeezed) THEN left(squeezed, 17)
    END;

CREATE MACRO id_number_is_plain(raw) AS regexp_full_match(raw, id_body_pattern() || '[\dX]');

CREATE MACRO id_number_characters(is_plain, raw) AS CASE WHEN is_plain THEN raw ELSE id_squeezed(raw) END;

CREATE MACRO id_number_read(is_plain, characters) AS
    CASE
        WHEN is_plain THEN CAST(left(characters, 17) AS BIGINT)
        WHEN regexp_full_match(id_body(characters), id_body_pattern()) THEN CAST(id_body(characters) AS BIGINT)
    END;

CREATE MACRO id_number_value(is_plain, characters, read, as_of) AS
    CASE
        WHEN read // 1000 % 100000000 > CAST(strftime(as_of, '%Y%m%d') AS BIGINT) OR read >= 99999900000000000 THEN NULL
        WHEN is_plain THEN CASE WHEN ends_with(characters, id_check_character(read)) THEN characters END
        WHEN length(characters) = 15 OR substr(ltrim(characters, 'G'), 18, 1) = id_check_character(read)
            THEN read || id_check_character(read)
    END;

CREATE MACRO id_number_issue(raw, characters, read, value, as_of) AS
    cell_issue(raw, value, CASE
        WHEN is_mangled_number(characters) THEN 'scientific_notation'
        WHEN regexp_full_match(characters, '9{6}.*|0+|1+') THEN 'placeholder'
        WHEN NOT (regexp_full_match(characters, '\d+X?|G\d{17}[\dX]') OR is_disability_number(characters)) THEN 'no_id_number'
        WHEN id_body(characters) IS NULL THEN 'wrong_length'
        WHEN coalesce(id_birth_date(id_body(characters)) > as_of, true) THEN 'impossible_birth_date'
        ELSE 'wrong_checksum'
    END);

CREATE MACRO id_number_repair(is_plain, raw, characters, value) AS
    cell_repair(is_plain, raw, value, CASE
        WHEN length(characters) = 15 THEN 'fifteen_digits'
        WHEN length(characters) = 19 THEN 'leading_g'
        WHEN length(characters) > 18 THEN 'disability_number'
        WHEN regexp_matches(raw, '[０-９ＸｘＧｇ]') THEN 'full_width'
        WHEN regexp_matches(raw, '[\x{200B}-\x{200F}\x{2060}\x{FEFF}]') THEN 'zero_width'
        WHEN regexp_matches(raw, '[''‘’`]') THEN 'apostrophe'
        WHEN regexp_matches(raw, '[-–—]') THEN 'hyphen'
        WHEN regexp_matches(raw, '[\s\x{A0}\x{3000}]') THEN 'inner_blanks'
        ELSE 'lower_case'
    END);

-- ---- person_name ------------------------------------------------------------------------------------------------

CREATE MACRO person_name_is_plain(raw) AS regexp_full_match(raw, '[一-龥·]+') AND NOT is_too_long(raw);

CREATE MACRO person_name_characters(is_plain, raw) AS
    CASE
        WHEN is_plain THEN raw
        WHEN is_too_long(raw) OR is_spoiled(raw) THEN NULL
        ELSE regexp_replace(trimmed(raw), '[\s\x{A0}\x{3000}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+|^[''‘`]', '', 'g')
    END;

CREATE MACRO person_name_read(is_plain, characters) AS
    CASE WHEN is_plain THEN characters ELSE regexp_replace(characters, '[・.•‧．∙･⋅]', '·', 'g') END;

CREATE MACRO person_name_value(is_plain, characters, read) AS CASE WHEN read <> '' THEN read END;

CREATE MACRO person_name_issue(raw, characters, read, value) AS cell_issue(raw, value, 'no_name');

CREATE MACRO person_name_repair(is_plain, raw, characters, value) AS
    cell_repair(is_plain, raw, value, CASE WHEN characters <> value THEN 'middle_dot' ELSE 'inner_blanks' END);

-- ---- division_code: 6, 9 or 12 digits → 12, in the division table on the as-of date ------------------------------

CREATE MACRO division_code_is_plain(raw) AS regexp_full_match(raw, '\d{12}');

CREATE MACRO division_code_characters(is_plain, raw) AS
    CASE WHEN is_plain THEN raw ELSE regexp_replace(squeezed_cell(raw), '\.0$', '') END;

CREATE MACRO division_code_read(is_plain, characters) AS
    CASE
        WHEN length(characters) = 12 THEN characters
        WHEN regexp_full_match(characters, '\d{6}|\d{9}') THEN rpad(characters, 12, '0')
    END;

CREATE MACRO division_code_value(is_plain, characters, read) AS CASE WHEN read IN (SELECT division_code FROM division) THEN read END;

CREATE MACRO division_code_issue(raw, characters, read, value) AS
    cell_issue(raw, value, CASE WHEN regexp_full_match(read, '\d{12}') THEN 'unknown_division' ELSE 'no_division_code' END);

CREATE MACRO division_code_repair(is_plain, raw, characters, value) AS
    cell_repair(is_plain, raw, value, CASE WHEN length(characters) < 12 THEN 'padded' ELSE 'inner_blanks' END);

-- ---- date: never after the as-of date ----------------------------------------------------------------------------

CREATE MACRO date_is_plain(raw) AS regexp_full_match(raw, '\d{4}-\d{2}-\d{2}');

CREATE MACRO date_characters(is_plain, raw) AS
    CASE
        WHEN is_plain THEN raw
        WHEN raw = '' OR is_too_long(raw) THEN NULL
        ELSE squeezed(regexp_replace(trimmed(raw), '[T\s\x{3000}]+0?0:00(:00(\.0+)?)?$', ''))
    END;

CREATE MACRO date_read(is_plain, characters) AS
    CASE
        WHEN is_plain OR regexp_full_match(characters, '\d{4}-\d{2}-\d{2}') THEN try_cast(characters AS DATE)
        WHEN regexp_full_match(characters, '\d{4}(-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.|年\d{1,2}月)\d{1,2}日?')
            AND contains(characters, '年') = contains(characters, '日')
            THEN try_cast(regexp_replace(regexp_replace(regexp_replace(characters, '日$', ''), '[年月/.]', '-', 'g'), '-(\d)\b', '-0\1', 'g') AS DATE)
        WHEN regexp_full_match(characters, '\d{8}') THEN try_cast(characters[1:4] || '-' || characters[5:6] || '-' || characters[7:8] AS DATE)
        WHEN regexp_full_match(characters, '\d{5}(\.0)?') THEN DATE '1899-12-30' + CAST(characters[1:5] AS INTEGER)
    END;

CREATE MACRO date_value(is_plain, characters, read, as_of) AS CASE WHEN read BETWEEN DATE '1880-01-01' AND as_of THEN read END;

CREATE MACRO date_issue(raw, characters, read, value, as_of) AS
    cell_issue(raw, value, CASE WHEN read > as_of THEN 'after_as_of' ELSE 'no_date' END);

CREATE MACRO date_repair(is_plain, raw, characters, value) AS
    cell_repair(is_plain, raw, CAST(value AS VARCHAR), CASE
        WHEN regexp_full_match(characters, '\d{5}(\.0)?') THEN 'excel_serial'
        WHEN contains(raw, ':') THEN 'time_of_day'
        ELSE 'date_form'
    END);

-- ---- month: YYYY-MM ----------------------------------------------------------------------------------------------

CREATE MACRO month_is_plain(raw) AS regexp_full_match(raw, '\d{4}-\d{2}');

CREATE MACRO month_characters(is_plain, raw) AS CASE WHEN is_plain THEN raw ELSE date_characters(false, raw) END;

CREATE MACRO month_form(characters) AS
    CASE
        WHEN regexp_full_match(characters, '\d{4}-\d{2}') THEN characters
        WHEN regexp_full_match(characters, '\d{4}(-|/|年)\d{1,2}月?') AND contains(characters, '年') = contains(characters, '月')
            THEN characters[1:4] || '-' || lpad(regexp_extract(characters, '(\d+)月?$', 1), 2, '0')
        WHEN regexp_full_match(characters, '\d{6}(\.0)?') THEN characters[1:4] || '-' || characters[5:6]
        -- A spreadsheet turns a typed month into the first of that month.
        WHEN regexp_full_match(characters, '\d{4}[-/]0?\d{1,2}[-/]0?1') THEN characters[1:4] || '-' || lpad(regexp_extract(characters, '^\d{4}[-/](\d{1,2})', 1), 2, '0')
    END;

CREATE MACRO month_read(is_plain, characters) AS
    CASE WHEN month_form(characters)[6:7] BETWEEN '01' AND '12' AND month_form(characters) > '1880' THEN month_form(characters) END;

CREATE MACRO month_value(is_plain, characters, read, as_of) AS CASE WHEN read <= strftime(as_of, '%Y-%m') THEN read END;

CREATE MACRO month_issue(raw, characters, read, value, as_of) AS
    cell_issue(raw, value, CASE WHEN read > strftime(as_of, '%Y-%m') THEN 'after_as_of' ELSE 'no_month' END);

CREATE MACRO month_repair(is_plain, raw, characters, value) AS cell_repair(is_plain, raw, value, 'month_form');

-- ---- money: yuan -------------------------------------------------------------------------------------------------

-- Digits with at most one point, and thousands separators only where they belong.
CREATE MACRO plain_number(text) AS
    CASE WHEN regexp_full_match(text, '[+-]?\d{1,15}(\.\d*)?|[+-]?\d{1,3}(,\d{3}){1,4}(\.\d*)?') THEN replace(text, ',', '') END;

CREATE MACRO money_is_plain(raw) AS regexp_full_match(raw, '-?\d{1,13}(\.\d{1,2})?');

CREATE MACRO money_characters(is_plain, raw) AS
    CASE
        WHEN is_plain THEN raw
        ELSE plain_number(regexp_replace(squeezed_cell(raw), '^([+-]?)[￥¥]|[元圆]$', '\1', 'g'))
    END;

CREATE MACRO money_read(is_plain, characters, multiplier) AS
    CASE
        WHEN multiplier = 1 THEN try_cast(characters AS DECIMAL(18, 2))
        ELSE try_cast(try_cast(characters AS DECIMAL(28, 10)) * multiplier AS DECIMAL(18, 2))
    END;

CREATE MACRO money_value(is_plain, characters, read, may_be_negative) AS CASE WHEN may_be_negative OR read >= 0 THEN read END;

CREATE MACRO money_issue(raw, characters, read, value) AS
    cell_issue(raw, value, CASE WHEN read < 0 THEN 'negative' ELSE 'no_amount' END);

CREATE MACRO money_repair(is_plain, raw, characters, value) AS
    CASE
        WHEN is_plain OR value IS NULL OR raw = characters THEN NULL
        WHEN trimmed(raw) = characters THEN 'outer_blanks'
        WHEN regexp_matches(raw, '[￥¥元圆]') THEN 'currency_sign'
        WHEN regexp_matches(raw, '[,，]') THEN 'thousands_separator'
        ELSE 'number_form'
    END;

-- ---- yes_no, sex, category: by table, never by substring ---------------------------------------------------------

CREATE MACRO yes_no_is_plain(raw) AS raw IN ('是', '否');

CREATE MACRO yes_no_characters(is_plain, raw) AS CASE WHEN is_plain THEN raw ELSE squeezed_cell(raw) END;

CREATE MACRO yes_no_read(is_plain, characters) AS
    CASE
        WHEN characters IN ('是', 'Y', 'y', '1', '√', '有', '已参保') THEN true
        WHEN characters IN ('否', 'N', 'n', '0', '×', '无', '未参保') THEN false
    END;

CREATE MACRO yes_no_value(is_plain, characters, read) AS read;

CREATE MACRO yes_no_issue(raw, characters, read, value) AS cell_issue(raw, value, 'not_yes_or_no');

CREATE MACRO yes_no_repair(is_plain, raw, characters, value) AS
    cell_repair(is_plain, raw, CASE value WHEN true THEN '是' WHEN false THEN '否' END, 'spelling');

CREATE MACRO sex_is_plain(raw) AS raw IN ('男', '女');

CREATE MACRO sex_characters(is_plain, raw) AS CASE WHEN is_plain THEN raw ELSE squeezed_cell(raw) END;

CREATE MACRO sex_read(is_plain, characters) AS
    CASE WHEN characters IN ('男', '男性', '1') THEN '男' WHEN characters IN ('女', '女性', '2') THEN '女' END;

CREATE MACRO sex_value(is_plain, characters, read) AS read;

CREATE MACRO sex_issue(raw, characters, read, value) AS cell_issue(raw, value, 'no_sex');

CREATE MACRO sex_repair(is_plain, raw, characters, value) AS cell_repair(is_plain, raw, value, 'spelling');

-- `accepted` lists the accepted values, `spellings` maps their other spellings to them.
CREATE MACRO category_is_plain(raw, accepted) AS list_contains(accepted, raw);

CREATE MACRO category_characters(is_plain, raw) AS CASE WHEN is_plain THEN raw ELSE squeezed_cell(raw) END;

CREATE MACRO category_read(is_plain, characters, spellings) AS CASE WHEN is_plain THEN characters ELSE spellings[characters] END;

CREATE MACRO category_value(is_plain, characters, read) AS read;

CREATE MACRO category_issue(raw, characters, read, value) AS cell_issue(raw, value, 'not_a_listed_value');

CREATE MACRO category_repair(is_plain, raw, characters, value) AS cell_repair(is_plain, raw, value, 'spelling');

-- ---- count, number, percent --------------------------------------------------------------------------------------

CREATE MACRO number_is_plain(raw) AS regexp_full_match(raw, '-?\d{1,15}(\.\d{1,15})?');

CREATE MACRO number_characters(is_plain, raw) AS
    CASE WHEN is_plain THEN raw ELSE plain_number(squeezed_cell(raw)) END;

CREATE MACRO number_read(is_plain, characters) AS CAST(characters AS DOUBLE);

CREATE MACRO number_value(is_plain, characters, read) AS read;

CREATE MACRO number_issue(raw, characters, read, value) AS cell_issue(raw, value, 'no_number');

CREATE MACRO number_repair(is_plain, raw, characters, value) AS
    CASE
        WHEN is_plain OR value IS NULL OR raw = characters THEN NULL
        WHEN trimmed(raw) = characters THEN 'outer_blanks'
        ELSE 'number_form'
    END;

CREATE MACRO count_is_plain(raw) AS regexp_full_match(raw, '\d{1,15}');

CREATE MACRO count_characters(is_plain, raw) AS number_characters(is_plain, raw);

CREATE MACRO count_read(is_plain, characters) AS
    CASE
        WHEN is_plain THEN CAST(characters AS BIGINT)
        WHEN regexp_full_match(characters, '\+?\d+(\.0*)?') THEN CAST(regexp_extract(characters, '\d+') AS BIGINT)
    END;

CREATE MACRO count_value(is_plain, characters, read) AS read;

CREATE MACRO count_issue(raw, characters, read, value) AS cell_issue(raw, value, 'no_count');

CREATE MACRO count_repair(is_plain, raw, characters, value) AS number_repair(is_plain, raw, characters, value);

CREATE MACRO percent_is_plain(raw) AS regexp_full_match(raw, '\d{1,3}(\.\d+)?%');

CREATE MACRO percent_characters(is_plain, raw) AS
    CASE WHEN is_plain THEN raw ELSE squeezed_cell(raw) END;

-- A bare number up to 1 could be a share or a percentage; which of them is not guessed.
CREATE MACRO percent_read(is_plain, characters) AS
    CASE
        WHEN is_plain OR regexp_full_match(characters, '\d{1,3}(\.\d+)?%') THEN CAST(replace(characters, '%', '') AS DOUBLE) / 100
        WHEN regexp_full_match(characters, '\d{1,3}(\.\d+)?') AND (CAST(characters AS DOUBLE) = 0 OR CAST(characters AS DOUBLE) > 1)
            THEN CAST(characters AS DOUBLE) / 100
    END;

CREATE MACRO percent_value(is_plain, characters, read) AS read;

CREATE MACRO percent_issue(raw, characters, read, value) AS
    cell_issue(raw, value, CASE WHEN regexp_full_match(characters, '[01](\.\d+)?') THEN 'share_or_percentage' ELSE 'no_percentage' END);

CREATE MACRO percent_repair(is_plain, raw, characters, value) AS
    CASE
        WHEN is_plain OR value IS NULL OR regexp_full_match(raw, '\d+(\.\d+)?%') THEN NULL
        WHEN regexp_full_match(trimmed(raw), '\d+(\.\d+)?%') THEN 'outer_blanks'
        ELSE 'number_form'
    END;

-- ---- code: a text that identifies something; text ----------------------------------------------------------------

CREATE MACRO code_is_plain(raw) AS regexp_full_match(raw, '[A-Z]*\d+|[A-Z]+\d[0-9A-Za-z.+*]*') AND NOT is_too_long(raw);

CREATE MACRO code_characters(is_plain, raw) AS
    CASE
        WHEN is_plain THEN raw
        WHEN raw = '' OR is_too_long(raw) OR is_spoiled(raw) THEN NULL
        ELSE regexp_replace(regexp_replace(trimmed(raw), '^[''‘`]', ''), '^(\d+)\.0$', '\1')
    END;

CREATE MACRO code_read(is_plain, characters) AS
    CASE WHEN is_plain OR (characters <> '' AND NOT is_mangled_number(characters)) THEN characters END;

CREATE MACRO code_value(is_plain, characters, read) AS read;

CREATE MACRO code_issue(raw, characters, read, value) AS
    cell_issue(raw, value, CASE WHEN is_mangled_number(characters) THEN 'scientific_notation' ELSE 'no_code' END);

CREATE MACRO code_repair(is_plain, raw, characters, value) AS cell_repair(is_plain, raw, value, 'number_form');

CREATE MACRO text_is_plain(raw) AS regexp_full_match(raw, '[一-龥0-9A-Za-z]+') AND NOT is_too_long(raw);

CREATE MACRO text_characters(is_plain, raw) AS
    CASE
        WHEN is_plain THEN raw
        WHEN raw = '' OR is_too_long(raw) OR is_spoiled(raw) THEN NULL
        ELSE trimmed(raw)
    END;

CREATE MACRO text_read(is_plain, characters) AS CASE WHEN characters <> '' THEN characters END;

CREATE MACRO text_value(is_plain, characters, read) AS read;

CREATE MACRO text_issue(raw, characters, read, value) AS cell_issue(raw, value, 'undecodable');

CREATE MACRO text_repair(is_plain, raw, characters, value) AS cell_repair(is_plain, raw, value, 'outer_blanks');
