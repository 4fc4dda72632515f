"""A person's number in a cell that should hold a code or a text does not reach the analysts."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from safetynet.contract import Kind, contracts
from warehouse.small_warehouse import VILLAGE, Drop, an_id

JUNE = "2025-06-30"
HEAD, OTHER_HEAD = an_id(1), an_id(2)
STRAY = an_id(77, born="19790228")
X_ENDING = next(number for number in (an_id(each) for each in range(100, 200)) if number.endswith("X"))
WRITINGS = {
    "plain": STRAY,
    "within": f"住院 {STRAY}，电话13900000001",
    "lower case": X_ENDING.lower(),
    "full width": STRAY.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)}),
    "in groups": f"{STRAY[:6]} {STRAY[6:14]}–{STRAY[14:]}",
    "of a certificate": f"{STRAY}43",
    "of a student": f"G{STRAY}",
}
TEXTS = {
    "phone in groups": "电话 139 0000 0001转8001",
    "fifteen digits": "老证 990121790228077",
    "wrong check character": f"错证 {STRAY[:17]}{(int(STRAY[-1]) + 1) % 10 if STRAY[-1] != 'X' else 1}",
    "days and a short number": "2025-06-30至2025-07-31，1234567890",
}
LONG_NUMBERS = [
    "990121100201000017",  # a village and a serial number: no day of birth
    "990121202506300123456789",  # a county, a day and a serial number
    "99012119790228078" + ("0" if STRAY[-1] != "0" else "1"),  # not the check character
]


def planted(feed: str, text: str) -> dict[str, Any]:
    """A row whose every code and text that analysts are told is the text."""
    columns = contracts()[feed].columns.items()
    kinds = (Kind.CODE, Kind.TEXT)
    row: dict[str, Any] = {name: text for name, column in columns if column.kind in kinds and not column.sensitive}
    named = {"person_name": "萧龙", "id_number": HEAD, "division_code": VILLAGE, "month": "2025-06", "finding": "属实"}
    named |= {"dropped_out_on": date(2025, 3, 1), "settled_on": date(2025, 3, 1), "total_cost": 1, "out_of_pocket": 1}
    return row | {name: value for name, value in named.items() if name in dict(columns)}


@pytest.fixture(scope="module")
def built(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    drop = module_drop
    drop.policy = [("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False)]
    for feed in contracts():
        if feed != "registry_member":
            rows = [planted(feed, text) for text in WRITINGS.values()]
            rows += [planted(feed, text) for text in TEXTS.values()] if feed == "health_major_illness" else []
            drop.batch(feed, JUNE, [row | {"household_code": HEAD} if "household_code" in row else row for row in rows])
    poor = {"household_type": "一般农户", "relation_to_head": "户主", "per_capita_net_income": 5000}
    drop.batch(
        "registry_member",
        JUNE,
        [
            planted("registry_member", STRAY) | {"household_code": HEAD} | poor,
            planted("registry_member", STRAY) | {"household_code": OTHER_HEAD, "id_number": OTHER_HEAD} | poor,
            *(
                {"household_code": code, "person_name": "袁文", "division_code": VILLAGE, "main_risk": f"见{code}"}
                for code in LONG_NUMBERS
            ),
        ],
    )
    return drop.build(JUNE)


def test_no_id_number_in_current_however_written(built: duckdb.DuckDBPyConnection, module_drop: Drop) -> None:
    tables = built.sql(
        "select table_schema, table_name from information_schema.tables where table_catalog = 'current'"
    ).fetchall()
    numbers = [*WRITINGS.values(), STRAY, X_ENDING, HEAD, OTHER_HEAD]
    for schema, table in tables:
        text = "\n".join(str(row) for row in built.sql(f"from current.{schema}.{table}").fetchall())
        assert not [number for number in numbers if number in text], f"{schema}.{table}"
    content = module_drop.built("current").read_bytes()
    assert not [number for number in numbers if number.encode() in content]


def test_a_household_whose_code_is_an_id_number_is_one_household_everywhere(built: duckdb.DuckDBPyConnection) -> None:
    codes = """
        select household_key, household_code from marts.dim_household where starts_with(household_code, 'c_')
    """
    households = built.sql(codes).fetchall()
    assert len(set(households)) == len({code for _, code in households}) == 2
    for table in ("marts.household_profile", "marts.risk_signal"):
        found = built.sql(f"select distinct household_key, household_code from {table}").fetchall()
        assert set(found) >= set(households), table
    answered = built.sql("select distinct household_key, household_code from working.core.core_verification_result")
    assert set(answered.fetchall()) < set(households)


def test_a_long_number_that_is_no_id_number_stays(built: duckdb.DuckDBPyConnection) -> None:
    told = {code for (code,) in built.sql("select household_code from marts.dim_household").fetchall()}
    assert told >= set(LONG_NUMBERS)


def test_personal_numbers_within_a_text_are_masked_and_two_codes_stay_two(built: duckdb.DuckDBPyConnection) -> None:
    hospitals = {name for (name,) in built.sql("select hospital_name from marts.fct_major_illness").fetchall()}
    assert {"住院 *，电话*", "电话 *转8001", "老证 *", "错证 *", "2025-06-30至2025-07-31，1234567890"} <= hospitals
    settlements = {code for (code,) in built.sql("select settlement_id from marts.fct_settlement").fetchall()}
    assert all(code.startswith("c_") for code in settlements)
    assert len(settlements) > 4
