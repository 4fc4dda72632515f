"""A county that lives for a year, through the whole pipeline, as of several dates, against what was true then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from safetynet import reference
from safetynet.contract import contracts
from safetynet.demo import generate
from safetynet.demo.answer import answer
from safetynet.demo.signals import LATER_RULES
from safetynet.home import Home
from safetynet.ingest import take_in
from safetynet.land.landing import land
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build

# The last delivery before and the first after the villages merge and the county becomes a city, and the last of all.
NEWEST = date(2025, 6, 30)
DATES = [date(2024, 11, 30), date(2025, 3, 31), NEWEST]


@dataclass(frozen=True)
class Year:
    """A home that has taken in a year of tidy cells and untidy deliveries."""

    home: Home
    store: Ledger
    truth: Path
    verdicts: dict[str, str]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    root = tmp_path_factory.mktemp("year")
    home = Home(root / "home", root / "inbox", root / "reference")
    generate(home.inbox, home.reference, root / "truth", households=250, seed=3, mess=0.0, months=12)
    store = Ledger(home)
    reference.keep(home, store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        patch.setenv("SAFETYNET_HOME", str(home.root))
        outcomes = [
            outcome
            for feed in contracts()
            for landing_id in land(home, store, feed)
            for outcome in take_in(home, store, landing_id)
        ]
        yield Year(home, store, root / "truth", {each.source_file: each.verdict for each in outcomes})


def built(year: Year, day: date) -> Path:
    """The warehouse of a date."""
    wanted = build.target(year.home, year.store, day)
    if not wanted.current.is_file():
        build.build(year.home, year.store, wanted)
    return wanted.current


@pytest.fixture(scope="module", params=DATES, ids=str)
def then(request: pytest.FixtureRequest, year: Year) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a date beside what was true on it: residence, monitoring, event; `day` is the date."""
    with duckdb.connect(str(built(year, request.param)), read_only=True) as warehouse:
        warehouse.execute("CREATE TEMP TABLE day AS SELECT ?::DATE AS day", [request.param])
        for name in ("residence", "monitoring"):
            warehouse.execute(f"""
                CREATE TEMP TABLE true_{name} AS SELECT truth.* FROM '{year.truth}/{name}.parquet' AS truth, day
                WHERE valid_from <= day AND (valid_to IS NULL OR valid_to > day)
            """)
        warehouse.execute(f"""
            CREATE TEMP TABLE true_event AS
            SELECT event.* FROM '{year.truth}/event.parquet' AS event, day WHERE happened_on <= day
        """)
        warehouse.execute(f"""
            CREATE TEMP TABLE placed AS
            SELECT bridge.person_key, record.person_id
            FROM marts.bridge_source_record AS bridge
            JOIN quality.batch USING (batch_id, feed)
            JOIN '{year.truth}/record.parquet' AS record
                ON record.feed = bridge.feed AND record.file_name = batch.source_file
                AND record.row_number = bridge.row_number
        """)
        warehouse.execute("""
            CREATE TEMP TABLE known AS
            SELECT DISTINCT placed.person_id, person.* FROM placed JOIN marts.dim_person AS person USING (person_key)
        """)
        yield warehouse


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return warehouse.execute(query).fetchall()


def test_deliveries_that_went_wrong_were_seen_and_the_rest_was_taken_in(year: Year) -> None:
    odd = {name: verdict for name, verdict in year.verdicts.items() if verdict != "accepted"}
    assert sorted(odd.values()) == ["duplicate", "held"]
    assert len(year.verdicts) > 90


def test_every_household_is_there_once_where_it_lives(then: duckdb.DuckDBPyConnection) -> None:
    told = "SELECT household_code, division_code FROM marts.dim_household ORDER BY ALL"
    true = """
        SELECT DISTINCT household_code, division_code FROM true_residence
        WHERE household_code IS NOT NULL ORDER BY ALL
    """
    assert rows(then, told) == rows(then, true)


def test_nobody_is_lost_and_nobody_is_there_twice(then: duckdb.DuckDBPyConnection) -> None:
    assert rows(then, "SELECT person_id FROM known GROUP BY ALL HAVING count(*) <> 1") == []
    assert rows(then, "SELECT person_key FROM known GROUP BY ALL HAVING count(*) <> 1") == []
    told = "SELECT person_id FROM known WHERE is_in_registry ORDER BY ALL"
    true = "SELECT person_id FROM true_residence WHERE household_code IS NOT NULL ORDER BY ALL"
    assert rows(then, told) == rows(then, true)


def test_everybody_belongs_to_the_household_of_the_date(then: duckdb.DuckDBPyConnection) -> None:
    """Brides are where they married to, the newborn with their parents, the dead nowhere."""
    apart = """
        SELECT true_residence.person_id
        FROM true_residence
        LEFT JOIN known USING (person_id)
        LEFT JOIN marts.dim_household AS home ON known.household_key = home.household_key
        WHERE true_residence.household_code IS NOT NULL
            AND (home.household_code IS DISTINCT FROM true_residence.household_code
                OR known.division_code IS DISTINCT FROM true_residence.division_code)
    """
    assert rows(then, apart) == []
    gone = """
        SELECT person_id FROM known JOIN true_event USING (person_id)
        WHERE event IN ('dies', 'leaves') AND is_in_registry
    """
    assert rows(then, gone) == []


def test_monitoring_is_what_it_was(then: duckdb.DuckDBPyConnection) -> None:
    told = "SELECT household_code, household_type, is_risk_eliminated FROM marts.dim_household ORDER BY ALL"
    true = """
        SELECT household_code, household_type, is_risk_eliminated
        FROM true_monitoring SEMI JOIN true_residence USING (household_code) ORDER BY ALL
    """
    assert rows(then, told) == rows(then, true)


def test_children_who_left_school_are_seen_until_they_are_back(then: duckdb.DuckDBPyConnection) -> None:
    """Of those whom the year's events tell of: the last thing that happened to a child decides."""
    away = """
        SELECT person_id FROM true_event WHERE event IN ('drops_out', 'returns')
        GROUP BY person_id HAVING arg_max(event, happened_on) = 'drops_out'
    """
    back = away.replace("= 'drops_out'", "= 'returns'")
    signals = """
        SELECT person_id FROM marts.risk_signal JOIN known USING (person_key) WHERE rule_id = 'EDU_DROPPED_OUT'
    """
    assert rows(then, f"({away}) EXCEPT ({signals})") == []
    assert rows(then, f"({back}) INTERSECT ({signals})") == []


def test_the_newly_ill_are_in_the_ledger_under_what_they_have(then: duckdb.DuckDBPyConnection) -> None:
    unseen = """
        SELECT person_id FROM true_event ANTI JOIN (
            SELECT person_id, illness FROM marts.fct_major_illness JOIN known USING (person_key)
        ) AS seen ON seen.person_id = true_event.person_id AND seen.illness = true_event.detail
        WHERE event = 'falls_ill' AND person_id IN (SELECT person_id FROM true_residence)
    """
    assert rows(then, unseen) == []


def test_repaired_houses_are_no_longer_unsafe(then: duckdb.DuckDBPyConnection) -> None:
    """As of the newest quarter; what happened after it is not known yet."""
    last = """
        SELECT household_code, arg_max(event, happened_on) AS event FROM true_event, day
        WHERE event IN ('house_damaged', 'house_repaired')
            AND happened_on <= (SELECT max(as_of) FROM quality.batch WHERE feed = 'housing_safety' AND as_of <= day)
        GROUP BY household_code
    """
    unsafe = "SELECT household_code FROM marts.risk_signal WHERE rule_id = 'HOU_UNSAFE'"
    assert rows(then, f"SELECT household_code FROM ({last}) WHERE event = 'house_repaired' INTERSECT ({unsafe})") == []


def test_every_certain_signal_of_the_last_day_is_found_and_no_other(year: Year) -> None:
    signal = f"'{year.truth}/signal.parquet'"
    with duckdb.connect(str(built(year, NEWEST)), read_only=True) as warehouse:
        told = dict(rows(warehouse, "SELECT rule_id, count(*) FROM marts.risk_signal GROUP BY ALL"))
        true = dict(rows(warehouse, f"SELECT rule_id, count(*) FROM {signal} GROUP BY ALL"))
    assert {rule: told.get(rule) for rule in true} == true
    assert sum(true.values()) > 40
    assert set(LATER_RULES) <= set(true)


def test_answers_from_the_townships_change_what_is_open(year: Year) -> None:
    """The last test here: it takes in one more file."""
    path = answer(built(year, NEWEST), year.home.inbox, share=0.5)
    assert path is not None
    (landing_id,) = land(year.home, year.store, "verification_result")
    (outcome,) = take_in(year.home, year.store, landing_id)
    assert (outcome.verdict, outcome.counts.accepted) == ("accepted", outcome.counts.received)
    build.build(year.home, year.store, build.target(year.home, year.store))
    with duckdb.connect(str(year.home.current), read_only=True) as warehouse:
        status = dict(rows(warehouse, "SELECT status, count(*) FROM marts.risk_signal GROUP BY ALL"))
    assert status["verified"] > status["dismissed"] > 0
    assert status["open"] > 10
