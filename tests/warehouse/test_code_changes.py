"""Villages that merge and a county that becomes a city: nobody is lost, and nobody is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from clerk import an_id, name, row
from county import County
from safetynet import reference
from safetynet.land import landing
from safetynet.warehouse import build

DIVISIONS = """\
division_code,name,level,parent_code,valid_from,valid_to,successor_code
990000000000,云岭省,1,,,,
990100000000,青溪市,2,990000000000,,,
990121000000,松岭县,3,990100000000,,2025-02-28,990181
990121100000,伟溪镇,4,990121000000,,2025-02-28,990181100
990121100201,东村,5,990121100000,,2025-02-28,990181100201
990121100202,西村,5,990121100000,,2025-01-31,990121100201
990181000000,松岭市,3,990100000000,2025-03-01,,
990181100000,伟溪镇,4,990181000000,2025-03-01,,
990181100201,东村,5,990181100000,2025-03-01,,
"""
# Everybody's income is 9,000 yuan.
POLICY = """\
parameter_id,division_code,population,valid_from,valid_to,value,unit
monitoring_line,990121,all,2021-01-01,,9500,yuan
"""
EAST, WEST, EAST_IN_CITY = "990121100201", "990121100202", "990181100201"
JANUARY, FEBRUARY, MARCH = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)


def member(number: int, village: str) -> dict[str, Any]:
    return row("registry_member", number, division_code=village, household_code=f"H{number}")


def pupil(number: int, village: str, **more: Any) -> dict[str, Any]:
    told = {"id_number": an_id(number), "division_code": village, "status_date": "2024-09-01"}
    return row("education_enrollment", number, **told | {"birth_date": "1980-01-01"} | more)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    """One delivery under every set of codes; the pupils were told of in January alone, one of them without a number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county = County(tmp_path_factory.mktemp("codes"))
        (county.home.reference / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
        (county.home.reference / "policy_parameter.csv").write_text(POLICY, encoding="utf-8")
        without_number = pupil(2, WEST, id_number="", student_number="")
        strangers = [
            pupil(
                each, village, id_number="", student_number="", birth_date=f"2015-0{each}-01", enrollment_status="辍学"
            )
            for each, village in ((4, EAST), (5, WEST))
        ]
        deliveries = [
            (JANUARY, "registry_member", [member(1, EAST), member(2, WEST), member(3, WEST)], "990121"),
            (JANUARY, "education_enrollment", [pupil(1, EAST), without_number, *strangers], "990121"),
            (FEBRUARY, "registry_member", [member(1, EAST), member(2, EAST), member(3, EAST)], "990121"),
            (MARCH, "registry_member", [member(1, EAST_IN_CITY), member(2, EAST_IN_CITY)], "990181"),
        ]
        for day, feed, given, code in deliveries:
            patch.setattr(landing, "now", lambda day=day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
            suffix = "xlsx" if feed == "registry_member" else "csv"
            county.deliver(feed, given, f"{feed}_{code}_{day:%Y%m%d}.{suffix}")
            county.take_in()
        with built(county, JANUARY) as warehouse:
            signals = warehouse.execute("select signal_id from marts.risk_signal where rule_id = 'EDU_DROPPED_OUT'")
            answer = {"household_code": "", "verified_on": "2025-02-10", "finding": "属实"}
            answers = [row("verification_result", 1, signal_id=one, **answer) for (one,) in signals.fetchall()]
        county.deliver("verification_result", answers, "verification_result_20250331.xlsx")
        (outcome,) = county.take_in()
        assert (outcome.verdict, outcome.counts.accepted) == ("accepted", 2)
        return county


def built(county: County, day: date) -> duckdb.DuckDBPyConnection:
    wanted = build.target(county.home, county.store, day)
    if not wanted.current.is_file():
        build.build(county.home, county.store, wanted)
    return duckdb.connect(str(wanted.current), read_only=True)


@pytest.fixture(scope="module", params=[JANUARY, FEBRUARY, MARCH], ids=["before", "villages merged", "a city"])
def on(request: pytest.FixtureRequest, county: County) -> Iterator[tuple[date, duckdb.DuckDBPyConnection]]:
    """A date and the warehouse of that date."""
    with built(county, request.param) as warehouse:
        yield request.param, warehouse


def test_every_household_stands_there_once_under_the_code_of_the_date(
    on: tuple[date, duckdb.DuckDBPyConnection],
) -> None:
    day, warehouse = on
    expected = {
        JANUARY: [("H1", EAST), ("H2", WEST), ("H3", WEST)],
        FEBRUARY: [("H1", EAST), ("H2", EAST), ("H3", EAST)],
        MARCH: [("H1", EAST_IN_CITY), ("H2", EAST_IN_CITY)],
    }
    homes = warehouse.execute("select household_code, division_code from marts.dim_household order by all").fetchall()
    assert homes == expected[day]


def test_nobody_becomes_two_people(on: tuple[date, duckdb.DuckDBPyConnection]) -> None:
    _, warehouse = on
    assert warehouse.execute("select count(*) from marts.dim_person").fetchall() == [(5,)]


def test_a_row_without_a_number_is_found_by_name_and_village_whatever_the_village_was_called(
    on: tuple[date, duckdb.DuckDBPyConnection],
) -> None:
    day, warehouse = on
    linked = warehouse.execute("""
        select person.person_key, record.match_method
        from marts.bridge_source_record as record join marts.dim_person as person using (person_key)
        where record.feed = 'education_enrollment' and record.match_method <> 'id_number' and person.is_in_registry
    """).fetchall()
    assert [method for _, method in linked] == ["linked"], day
    assert name(2) not in str(linked)


def test_what_was_told_under_an_old_code_still_covers_the_county(
    on: tuple[date, duckdb.DuckDBPyConnection],
) -> None:
    _, warehouse = on
    secured = warehouse.execute("select distinct is_education_secured from marts.household_profile").fetchall()
    assert (None,) not in secured


def test_the_countys_own_policy_goes_on_under_its_new_code(on: tuple[date, duckdb.DuckDBPyConnection]) -> None:
    day, warehouse = on
    below = "select count(*), any_value(threshold_value) from marts.risk_signal where rule_id = 'INC_BELOW_LINE'"
    assert warehouse.execute(below).fetchall() == [(2 if day == MARCH else 3, 9500)]


def test_only_the_divisions_of_the_date_are_listed(on: tuple[date, duckdb.DuckDBPyConnection]) -> None:
    day, warehouse = on
    listed = {code for (code,) in warehouse.execute("select division_code from marts.dim_division").fetchall()}
    assert (WEST in listed, EAST in listed, EAST_IN_CITY in listed) == {
        JANUARY: (True, True, False),
        FEBRUARY: (False, True, False),
        MARCH: (False, False, True),
    }[day]


def test_scopes_are_told_in_the_codes_of_the_date(on: tuple[date, duckdb.DuckDBPyConnection]) -> None:
    day, warehouse = on
    scopes = {
        code
        for (code,) in warehouse.execute(
            "select scope from quality.batch where scope is not null and as_of <= ?", [day]
        ).fetchall()
    }
    assert {scope[:6] for scope in scopes} == ({"990121"} if day < MARCH else {"990181"})


def test_a_key_without_a_number_outlives_a_new_code_and_a_merger_is_told(county: County) -> None:
    keys: dict[date, list[str]] = {}
    histories: dict[date, list[tuple[Any, ...]]] = {}
    for day in (JANUARY, FEBRUARY, MARCH):
        with built(county, day) as warehouse:
            found = warehouse.execute("""
                select person_key from marts.bridge_source_record
                where feed = 'education_enrollment' and match_method = 'none' order by row_number
            """).fetchall()
            keys[day] = [key for (key,) in found]
            histories[day] = warehouse.execute("select * from marts.person_key_history").fetchall()
    (east, west), (_, merged) = keys[JANUARY], keys[MARCH]
    assert keys[FEBRUARY] == keys[MARCH] == [east, merged]
    assert histories[JANUARY] == []
    assert histories[FEBRUARY] == histories[MARCH] == [(west, merged, "rekey", date(2025, 2, 1), "division")]


def test_an_answer_to_a_signal_of_before_the_merger_is_heard_after_it(county: County) -> None:
    life = "select status, finding from marts.signal_history where rule_id = 'EDU_DROPPED_OUT'"
    with built(county, MARCH) as warehouse:
        assert warehouse.execute(life).fetchall() == [("verified", "属实")] * 2


A, B, C = "990121100201", "990121100202", "990121100203"
BEFORE, LATER, AFTER = date(2024, 1, 1), date(2024, 1, 2), date(2025, 1, 1)
MIDDLE, AFTER_MIDDLE = date(2024, 3, 31), date(2024, 4, 1)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param([(A, BEFORE, B), (B, None, None)], {A: B}, id="a successor"),
        pytest.param([(A, BEFORE, B), (B, BEFORE, C), (C, None, None)], {A: C, B: C}, id="a chain"),
        pytest.param([(A, BEFORE, B), (B, AFTER, C), (C, None, None)], {A: B}, id="the next one only later"),
        pytest.param([(A, AFTER, B), (B, None, None)], {}, id="not yet"),
        pytest.param([(A, BEFORE, None)], {}, id="abolished without a successor"),
        pytest.param([(A, BEFORE, B), (A, None, None), (B, None, None)], {}, id="a code that is in use again"),
        pytest.param([(A, BEFORE, B), (B, BEFORE, A)], {A: B, B: A}, id="a circle"),
    ],
)
def test_the_successor_that_holds_on_a_date(
    known: list[tuple[str, date | None, str | None]], expected: dict[str, str]
) -> None:
    schema = {"division_code": pl.String, "valid_to": pl.Date, "successor_code": pl.String}
    table = pl.DataFrame(known, schema=schema, orient="row")
    assert dict(reference.successors(table, date(2024, 6, 30)).iter_rows()) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param([(A, None, BEFORE, B), (B, LATER, None, None)], {A: (A, None), B: (A, None)}, id="a new code"),
        pytest.param(
            [(A, None, BEFORE, B), (B, None, None, None)], {A: (A, LATER), B: (B, None)}, id="part of another"
        ),
        pytest.param(
            [(A, None, BEFORE, C), (B, None, BEFORE, C), (C, LATER, None, None)],
            {A: (A, LATER), B: (B, LATER), C: (C, None)},
            id="two become a third",
        ),
        pytest.param(
            [(A, None, BEFORE, B), (B, None, BEFORE, C), (C, LATER, None, None)],
            {A: (A, LATER), B: (B, None), C: (B, None)},
            id="part of another that gets a new code",
        ),
        pytest.param([(A, None, BEFORE, B), (B, LATER, BEFORE, A)], {A: (A, None), B: (A, None)}, id="a circle"),
        pytest.param(
            [(A, None, BEFORE, B), (B, None, MIDDLE, C), (C, None, None, None)],
            {A: (A, LATER), B: (B, AFTER_MIDDLE), C: (C, None)},
            id="part of another that becomes part of a third",
        ),
    ],
)
def test_the_code_that_stands_for_a_division_in_keys(
    known: list[tuple[str, date | None, date | None, str | None]], expected: dict[str, tuple[str, date | None]]
) -> None:
    schema = {"division_code": pl.String, "valid_from": pl.Date, "valid_to": pl.Date, "successor_code": pl.String}
    table = pl.DataFrame(known, schema=schema, orient="row")
    found = reference.key_codes(table, date(2024, 6, 30))
    assert {code: (key, merged_on) for code, key, merged_on in found.iter_rows()} == expected


def test_every_code_that_stood_in_keys_before_a_merger_is_told() -> None:
    schema = {"division_code": pl.String, "valid_from": pl.Date, "valid_to": pl.Date, "successor_code": pl.String}
    known = [(A, None, BEFORE, B), (B, None, MIDDLE, C), (C, None, None, None)]
    found = reference.former_key_codes(pl.DataFrame(known, schema=schema, orient="row"), date(2024, 6, 30))
    assert found.rows() == [(A, A, LATER), (A, B, AFTER_MIDDLE), (B, B, AFTER_MIDDLE)]
