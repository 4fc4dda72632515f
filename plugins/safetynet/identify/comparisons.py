"""What is compared between a broken row (l) and a known person (r), and which pairs are looked at.

The m and u probabilities of the levels are not here: training writes them, with all of this, into model.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: the condition (SQL), and how it is said.

    least: the least m, for what happens to people and not to a generated county (a new phone, a move). frequency: the
    column whose term frequency stands for the chance that two people agree.
    """

    condition: str
    zh: str
    en: str
    least: float = 0.0
    frequency: str | None = None
    is_null: bool = False


def _unknown(condition: str) -> Level:
    return Level(condition, "无可比", "not told", is_null=True)


MACRO = """
    CREATE OR REPLACE TEMP MACRO is_name_slip(a, b) AS
        a <> b AND (left(a, 1) = left(b, 1) OR right(a, 1) = right(b, 1))
        AND length(a) >= 2 AND length(b) >= 2 AND abs(length(a) - length(b)) <= 1
        AND len(list_filter(range(0, greatest(length(a), length(b))), lambda i:
            left(a, i) = left(b, i) AND (
                substr(a, i + 2) = substr(b, i + 2)
                OR substr(a, i + 1) = substr(b, i + 2)
                OR substr(a, i + 2) = substr(b, i + 1)
                OR (substr(a, i + 1, 2) = reverse(substr(b, i + 1, 2)) AND substr(a, i + 3) = substr(b, i + 3))
            )
        )) > 0
"""
"""Names equal but for one character that is other, more or missing, or for two neighbours that changed places.

One end at least stays as it was. The database's own edit distances count bytes, and a Chinese character is three.
"""

COMPARISONS: dict[str, tuple[Level, ...]] = {
    "name": (
        _unknown("person_name_l IS NULL OR person_name_r IS NULL"),
        Level("person_name_l = person_name_r", "姓名相同", "same name", frequency="person_name"),
        Level("is_name_slip(person_name_l, person_name_r)", "姓名仅一字之差", "name one character apart"),
        Level("ELSE", "姓名不同", "another name"),
    ),
    "number": (
        _unknown("(number_text_l IS NULL AND number_prefix_l IS NULL) OR number_text_r IS NULL"),
        Level(
            "damerau_levenshtein(number_text_l, number_text_r) = 1"
            " OR (length(number_prefix_l) >= 16 AND starts_with(number_text_r, number_prefix_l))",
            "证件号码仅一位之差、相邻两位颠倒或缺末位",
            "id number equal but for one digit, two neighbours swapped, or its end",
        ),
        Level(
            "abs(try_cast(number_text_l AS BIGINT) - try_cast(number_text_r AS BIGINT)) <= 64",
            "证件号码被表格软件取整",
            "id number rounded by a spreadsheet",
        ),
        Level(
            "length(number_prefix_l) = 15 AND starts_with(number_text_r, number_prefix_l)",
            "证件号码前15位相同",
            "first 15 digits of the id number",
        ),
        Level(
            "left(number_text_l, 10) = left(number_text_r, 10) AND number_text_l[15:17] = number_text_r[15:17]",
            "证件号码仅出生月日不同",
            "id number equal but for month and day of birth",
        ),
        Level("number_head_l = number_head_r", "证件号码前14位相同", "first 14 digits of the id number"),
        Level(
            "length(number_prefix_l) < 14 AND starts_with(number_text_r, number_prefix_l)",
            "证件号码前几位相同",
            "first digits of the id number",
        ),
        Level("ELSE", "证件号码不符", "another id number"),
    ),
    "place": (
        _unknown("household_code_l IS NULL AND town_code_l IS NULL"),
        Level("household_code_l = household_code_r", "同一户", "same household"),
        Level(
            "division_code_l = division_code_r AND household_code_l <> household_code_r",
            "同村不同户",
            "same village, another household",
            0.01,
            "division_code",
        ),
        Level("division_code_l = division_code_r", "同村", "same village", frequency="division_code"),
        Level("town_code_l = town_code_r", "同乡镇", "same township", 0.01, "town_code"),
        Level("county_code_l = county_code_r", "同县", "same county", 0.01),
        Level("ELSE", "不同县", "another county", 0.005),
    ),
    "registry": (
        _unknown("registry_batches_l IS NULL"),
        Level(
            "list_has_any(registry_batches_l, registry_batches_r)",
            "同一登记册中另有其号码",
            "stands in the same registry file under its number",
            0.01,
        ),
        Level("ELSE", "登记册中别无其人", "stands in that registry file under no number"),
    ),
    "birth": (
        # A number that keeps its first 14 digits has told the birth date already.
        _unknown("birth_date_l IS NULL OR birth_date_r IS NULL OR number_head_l = number_head_r"),
        Level("birth_date_l = birth_date_r", "出生日期相同", "same birth date"),
        Level(
            "abs(birth_date_l - birth_date_r) <= 31 OR strftime(birth_date_l, '%m%d') = strftime(birth_date_r, '%m%d')",
            "出生日期相近",
            "birth date within a month, or in another year",
        ),
        Level("ELSE", "出生日期不同", "another birth date", 0.003),
    ),
    "sex": (
        _unknown("sex_l IS NULL OR sex_r IS NULL"),
        Level("sex_l = sex_r", "性别相同", "same sex"),
        Level("ELSE", "性别不同", "another sex", 0.005),
    ),
    "phone": (
        _unknown("phone_l IS NULL OR phone_r IS NULL"),
        Level("phone_l = phone_r", "电话相同", "same phone"),
        Level("ELSE", "电话不同", "another phone", 0.2),
    ),
    "document": (
        _unknown("pinned_id_l IS NULL"),
        Level("pinned_id_l = person_id_r", "同一业务编号下的同名者", "bearer of the name under the same document"),
        Level("ELSE", "同一业务编号属于他人", "the document is of somebody else"),
    ),
}

_AGREES = "(l.person_name = r.person_name OR is_name_slip(l.person_name, r.person_name))"
_OTHER = "l.person_id <> r.person_id AND (r.person_id > 0 OR NOT l.is_registered)"
"""Nobody is linked to itself; a registered row is linked to somebody with a number alone."""

BLOCKING = tuple(
    f"{rule} AND {_OTHER}"
    for rule in (
        "l.person_name = r.person_name AND l.town_code = r.town_code",
        f"l.division_code = r.division_code AND l.name_start = r.name_start AND {_AGREES}",
        f"l.division_code = r.division_code AND l.name_end = r.name_end AND {_AGREES}",
        f"l.number_head = r.number_head AND {_AGREES}",
        f"l.household_code = r.household_code AND {_AGREES}",
        "l.person_name = r.person_name AND l.birth_date = r.birth_date",
        "l.person_name = r.person_name AND l.number_tail = r.number_tail",
        "l.person_name = r.person_name AND l.pinned_id = r.person_id",
    )
)


def settings() -> dict[str, Any]:
    """Splink's settings without what training finds."""
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in BLOCKING],
        "comparisons": [
            {"output_column_name": name, "comparison_levels": [_level(level) for level in levels]}
            for name, levels in COMPARISONS.items()
        ],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "additional_columns_to_retain": ["person_id", "is_registered"],
    }


def _level(level: Level) -> dict[str, Any]:
    found: dict[str, Any] = {"sql_condition": level.condition, "label_for_charts": level.en}
    if level.is_null:
        found["is_null_level"] = True
    if level.frequency:
        found |= {"tf_adjustment_column": level.frequency, "tf_adjustment_weight": 1.0}
    return found


def words(comparison: str, language: str) -> str:
    """SQL: what the outcome of a comparison means, from its `gamma_` column; null where nothing could be compared."""
    levels = [level for level in COMPARISONS[comparison] if not level.is_null]
    cases = (f"WHEN {len(levels) - 1 - place} THEN '{getattr(level, language)}'" for place, level in enumerate(levels))
    return f"CASE gamma_{comparison} {' '.join(cases)} END"
