"""A past date as it was known then: the same tables, row for row, whatever was delivered or decided since."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from clerk import DIVISIONS, an_id, name, row, rows
from county import County
from safetynet import reference
from safetynet.deliver import difference as deliver
from safetynet.home import moment
from safetynet.publish import history, ledger
from safetynet.warehouse import build, difference

D = date(2025, 3, 31)
K = "2025-04-02"
REGISTRY, CHRONIC, ENROLLED, CHECKED = (
    "registry_member",
    "health_chronic_disease",
    "education_enrollment",
    "verification_result",
)
POLICY = (
    "parameter_id,division_code,population,valid_from,valid_to,value,unit\nmonitoring_line,,all,2021-01-01,,{},yuan\n"
)

KINDS = ("persons", "households", "signals", "guarantees")
Tables = dict[str, list[tuple[object, ...]]]


@contextmanager
def on(day: int, month: int = 4) -> Iterator[None]:
    """Let everything be received and decided on a day of 2025, at ten in the morning of the county."""
    instant = datetime(2025, month, day, 2, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("land.landing", "reference", "publish.history"):
            patch.setattr(f"safetynet.{module}.now", lambda: instant)
        yield


def members(first: int, last: int, **cells: str) -> list[dict[str, object]]:
    """Registered households of one, numbers first to last, half of them below the line of 6,000."""
    return [
        row(REGISTRY, number, per_capita_net_income="5000.00" if number % 2 else "9000.00", identified_on="", **cells)
        for number in range(first, last + 1)
    ]


def policy(county: County, line: int) -> None:
    (county.home.reference / "policy_parameter.csv").write_text(POLICY.format(line), encoding="utf-8")


def known_by_then(county: County) -> None:
    """What had come by the evening of K: some of it with rows held back, one file held as a whole."""
    with on(1):
        policy(county, 6000)
        county.deliver(
            REGISTRY, [*members(1, 40), row(REGISTRY, 41, per_capita_net_income="不详")], "r_990121_20250331.xlsx"
        )
        county.deliver(ENROLLED, rows(ENROLLED, 5, 101), "e_990121_20250331.csv")
        county.deliver(CHRONIC, rows(CHRONIC, 120), "c_990121_20250228.csv")
        county.take_in()
    with on(2):
        county.deliver(CHRONIC, rows(CHRONIC, 30), "c_990121_20250331.csv")
        county.take_in()


def came_later(county: County) -> None:
    """A correction and a duplicate, a release, rows for earlier ones, other references, and a newer month."""
    with on(3):
        (held,) = [each for each in county.ledger(ledger.batch) if each["verdict"] == "held"]
        history.release(county.store, held["batch_id"], "it is true")
    with on(4):
        policy(county, 9500)
        (county.home.reference / "divisions.csv").write_text(DIVISIONS.replace("东村", "东新村"), encoding="utf-8")
        reference.keep(county.home, county.store)
    with on(5):
        corrected = [row(REGISTRY, 41), *members(2, 40), row(REGISTRY, 42, id_number=an_id(1), person_name="")]
        county.deliver(REGISTRY, corrected, "r2_990121_20250331.xlsx")
        county.deliver(ENROLLED, rows(ENROLLED, 5, 101), "again_990121_20250331.csv")
        county.take_in()
    with on(5, month=5):
        policy(county, 6000)
        county.deliver(REGISTRY, members(3, 50), "r_990121_20250430.xlsx")
        county.take_in()


def tables(path: Path) -> Tables:
    """Every table of a warehouse file, its rows sorted."""
    with duckdb.connect(str(path), read_only=True) as warehouse:
        names = warehouse.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        return {name: sorted(warehouse.execute(f"FROM {name}").fetchall(), key=repr) for (name,) in names}


def built(county: County, known_at: str | None) -> Path:
    """The file of a build of D, built anew."""
    wanted = build.target(county.home, county.store, *build.asked(D.isoformat(), known_at))
    build.build(county.home, county.store, wanted)
    return wanted.current


answered = cache(built)
"""The same for tests that only read it: nothing more is delivered."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    """A county with all that came, by K and later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county = County(tmp_path_factory.mktemp("as_of"))
        known_by_then(county)
        first = built(county, K)
        first.rename(county.home.root / "first.duckdb")
        came_later(county)
        return county


def test_a_date_is_rebuilt_as_it_was_known_then_row_for_row(county: County) -> None:
    first, again = tables(county.home.root / "first.duckdb"), tables(built(county, K))
    assert first.keys() == again.keys()
    assert {name for name, found in first.items() if found} >= {"marts.risk_signal", "quality.quarantined_row"}
    assert [name for name in first if first[name] != again[name]] == []


def test_what_was_known_then_is_not_what_is_known_now(county: County) -> None:
    then, today = tables(answered(county, K)), tables(answered(county, None))
    changed = {name for name in then if then[name] != today[name]}
    assert changed >= {
        "marts.dim_division",
        "marts.dim_household",
        "marts.fct_chronic_disease_care",
        "marts.risk_signal",
        "quality.batch",
        "quality.build",
        "quality.delivery",
        "quality.quarantined_row",
    }


def test_a_file_says_what_it_answers_for(county: County) -> None:
    path = answered(county, K)
    assert path.name == "2025-03-31_known_2025-04-02.duckdb"
    with duckdb.connect(str(path), read_only=True) as warehouse:
        ((as_of, known_at, *versions, batches),) = warehouse.execute("FROM quality.build").fetchall()
        used = warehouse.execute(
            "SELECT batch_id FROM quality.batch WHERE starts_with(verdict, 'accepted') ORDER BY 1"
        ).fetchall()
    assert (as_of, known_at) == (D, datetime(2025, 4, 2, 15, 59, 59, 999999))
    assert all(versions)
    assert [(batch_id,) for batch_id in batches] == used != []


def test_a_build_that_was_asked_for_is_up_to_date_whatever_comes(county: County) -> None:
    answered(county, K)
    wanted = build.target(county.home, county.store, *build.asked(D.isoformat(), K))
    assert build.is_up_to_date(county.store, wanted)
    with on(6, month=5):
        county.deliver(CHRONIC, rows(CHRONIC, 100), "c_990121_20250501.csv")
        county.take_in()
    assert build.is_up_to_date(county.store, wanted)


@pytest.fixture(scope="module")
def steps(county: County) -> list[difference.Step]:
    """What changed about D since K."""
    return difference.steps(county.home, county.store, D, moment(K))


def told(step: difference.Step) -> Counter[tuple[str, str]]:
    return Counter((each.kind, each.how) for each in step.differences)


def test_what_came_later_is_told_with_what_it_changed(county: County, steps: list[difference.Step]) -> None:
    (released,) = [each["batch_id"] for each in county.ledger(ledger.release)]
    (corrected,) = [each["batch_id"] for each in county.ledger(ledger.batch) if each["source_file"].startswith("r2_")]
    release, references, correction, policy_again = steps
    assert release.causes == (f"release of batch {released} {CHRONIC}",)
    assert [cause.split()[0] for cause in references.causes] == ["divisions.csv", "policy_parameter.csv"]
    assert correction.causes == (f"batch {corrected} {REGISTRY}",)
    assert [cause.split()[0] for cause in policy_again.causes] == ["policy_parameter.csv"]

    assert told(references)["signals", "appeared"] == 40
    assert release.differences == ()
    assert told(correction)["households", "appeared"] == 2
    assert told(correction)["households", "vanished"] == 1
    assert told(correction)["guarantees", "appeared"] == 10
    assert told(policy_again)["signals", "vanished"] == 44


def gain(differences: Iterable[difference.Difference]) -> Counter[str]:
    """So many more of each kind there are afterwards."""
    worth = {"appeared": 1, "vanished": -1, "changed": 0}
    gained = Counter(dict.fromkeys(KINDS, 0))
    for each in differences:
        gained[each.kind] += worth[each.how]
    return gained


def test_the_steps_add_up_to_the_whole(county: County, steps: list[difference.Step]) -> None:
    whole = gain(difference.between(answered(county, K), answered(county, None)))
    assert gain(each for step in steps for each in step.differences) == whole
    assert whole["households"] == 1


def test_a_changed_guarantee_is_told_by_its_household(steps: list[difference.Step]) -> None:
    changed = [each for each in steps[1].differences if (each.kind, each.how) == ("guarantees", "changed")]
    assert {(each.key.split()[1], each.columns) for each in changed} == {("income", ("is_secured",))}


def test_nothing_is_told_where_nothing_came(county: County) -> None:
    assert difference.steps(county.home, county.store, D, moment(K), moment("2025-04-02T20:00+00:00")) == []


def test_the_differences_are_printed_without_a_value_of_a_file(county: County, steps: list[difference.Step]) -> None:
    printed = io.StringIO()
    console = Console(file=printed, width=100)
    assert deliver.show(county.home, county.store, console, D, moment(K), None, 2) == 0
    text = printed.getvalue()
    assert all(cause.split()[-1] in text for step in steps for cause in step.causes)
    assert "signals appeared  CIV_NOT_COVERED " in text
    for number in (*range(1, 51), 101, 120):
        assert an_id(number) not in text
        assert name(number) not in text


def test_private_data_of_another_date_is_not_kept(county: County) -> None:
    answered(county, K)
    folder = county.home.root / "warehouse"
    assert {path.parent.name for path in folder.rglob("*.duckdb")} == {"as_of"}
    assert not list(folder.rglob("*restricted*"))


@pytest.mark.parametrize(
    ("known_at", "name"),
    [
        (None, "2025-03-31.duckdb"),
        ("2025-04-02", "2025-03-31_known_2025-04-02.duckdb"),
        ("2025-04-02T08:00", "2025-03-31_known_20250402T080000Z.duckdb"),
        ("2025-04-02T08:00+08:00", "2025-03-31_known_20250402T000000Z.duckdb"),
        ("2025-04-02 08:00:00.000001", "2025-03-31_known_20250402T080000.000001Z.duckdb"),
    ],
)
def test_two_moments_never_share_a_file(county: County, known_at: str | None, name: str) -> None:
    wanted = build.target(county.home, county.store, *build.asked(D.isoformat(), known_at))
    assert wanted.current.name == name
    assert len(wanted.build_id) <= ledger.build.c.build_id.type.length
    assert wanted.restricted is None


@pytest.mark.parametrize(
    ("as_of", "known_at", "told"),
    [
        ("2025-3-31", None, "YYYY-MM-DD"),
        ("2025-03-31", "yesterday", "YYYY-MM-DD"),
        ("2025-03-31", "2999-01-01", "SAFETYNET_KNOWN_AT"),
        ("2025-04-30", "2025-04-02", "SAFETYNET_AS_OF"),
        ("2999-01-01", None, "SAFETYNET_AS_OF"),
    ],
)
def test_what_nobody_can_answer_is_refused(as_of: str, known_at: str | None, told: str) -> None:
    with pytest.raises(build.Unanswerable, match=told):
        build.asked(as_of, known_at)


def test_before_the_first_batch_there_is_nothing_to_answer(county: County) -> None:
    for day, known_at in ((date(2025, 2, 27), None), (D, moment("2025-03-31"))):
        with pytest.raises(build.NothingToBuild):
            build.target(county.home, county.store, day, known_at)


def test_after_the_newest_batch_the_newest_still_counts(county: County) -> None:
    wanted = build.target(county.home, county.store, date(2025, 6, 15))
    build.build(county.home, county.store, dataclasses.replace(wanted, current=county.home.root / "later.duckdb"))
    (county.home.root / "later.duckdb").rename(county.home.root / "later")
    assert len(tables(county.home.root / "later")["marts.dim_household"]) == 48
