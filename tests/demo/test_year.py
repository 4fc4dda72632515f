"""A year of the county: what happens, what is delivered when, and what is told of it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from safetynet.contract import contracts
from safetynet.demo import generate
from safetynet.demo.year import days_of_delivery
from safetynet.home import CHECKOUT

AS_OF = date(2025, 6, 30)
EVENTS = {
    *("dies", "leaves", "is_born", "marries", "moves", "falls_ill", "chronic_disease", "income_falls"),
    *("is_admitted", "is_released", "insured", "uninsured", "drops_out", "returns", "is_treated"),
    *("house_damaged", "house_repaired", "aid_begins", "aid_stops", "aid_is_restored"),
}


class Year:
    """A year on disk."""

    def __init__(self, folder: Path, months: int = 12, households: int = 250) -> None:
        self.inbox, self.reference, self.truth_folder = folder / "i", folder / "r", folder / "t"
        generate(self.inbox, self.reference, self.truth_folder, households=households, seed=5, months=months)

    def truth(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.truth_folder / f"{name}.parquet")

    def digest(self) -> dict[str, str]:
        files = sorted(path for path in self.inbox.parent.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.inbox.parent)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("year"))


@pytest.mark.parametrize(
    ("as_of", "months", "expected"),
    [
        (date(2025, 6, 30), 1, [date(2025, 6, 30)]),
        (date(2025, 3, 31), 3, [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)]),
        (date(2025, 3, 15), 2, [date(2025, 2, 28), date(2025, 3, 15)]),
    ],
)
def test_the_last_delivery_is_of_the_date_asked_for(as_of: date, months: int, expected: list[date]) -> None:
    assert days_of_delivery(as_of, months) == expected


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    assert Year(tmp_path / "a", 3, 60).digest() == Year(tmp_path / "b", 3, 60).digest()


def test_a_single_month_has_no_history(tmp_path: Path) -> None:
    written = Year(tmp_path, 1, 30)
    assert {path.stem for path in written.truth_folder.iterdir()} == {
        *("household", "person", "record", "signal", "undecided")
    }


def test_everything_happens(year: Year) -> None:
    events = year.truth("event")
    assert set(events["event"]) == EVENTS
    assert events["happened_on"].is_between(date(2024, 8, 1), AS_OF).all()


def test_feeds_come_in_their_cadence(year: Year) -> None:
    delivered = year.truth("delivery").filter(pl.col("as_of") >= date(2024, 7, 31))
    months = {feed: frame["as_of"].n_unique() for (feed,), frame in delivered.group_by("feed")}
    expected = {"monthly": 12, "quarterly": 5}
    assert {feed: months[feed] for feed in months if contracts()[feed].cadence in expected} == {
        feed: expected[contracts()[feed].cadence] for feed in months if contracts()[feed].cadence in expected
    }


def test_files_arrive_in_order_but_for_the_late_ones(year: Year) -> None:
    delivery = year.truth("delivery")
    assert set(delivery["kind"]) == {
        *("regular", "late", "wrong", "corrected", "broken_off", "garbled", "repeated", "sent_twice", "one_town")
    }
    for feed, name, as_of, arrives_on, kind in delivery.iter_rows():
        moment = (year.inbox / feed / name).stat().st_mtime
        assert datetime.fromtimestamp(moment, UTC).date() == arrives_on
        assert arrives_on > as_of
        assert (arrives_on - as_of).days > 30 or kind != "late"


def test_a_file_that_is_sent_twice_is_the_same(year: Year) -> None:
    twice = list(year.inbox.rglob("* (1).csv"))
    assert len(twice) == 1
    assert twice[0].read_bytes() == twice[0].with_name(twice[0].name.replace(" (1)", "")).read_bytes()


def test_nobody_is_in_two_places_at_once_or_anywhere_after_departing(year: Year) -> None:
    lived = year.truth("residence").sort("person_id", "valid_from")
    assert (lived["valid_from"] <= lived["valid_to"]).all()
    after = lived.with_columns(next=pl.col("valid_from").shift(-1).over("person_id"))
    assert after.filter(pl.col("next") != pl.col("valid_to")).is_empty()
    assert after.filter(pl.col("next").is_not_null() & pl.col("valid_to").is_null()).is_empty()
    departed = (
        year.truth("departed")
        .join(lived, on="person_id")
        .group_by("person_id", "departed_on")
        .agg(pl.col("valid_to").last())
    )
    assert departed.filter(pl.col("valid_to") != pl.col("departed_on")).is_empty()
    left = year.truth("event").filter(pl.col("event").is_in(["dies", "leaves"]))["person_id"]
    assert sorted(left) == sorted(departed["person_id"])


def test_every_household_that_lives_here_has_one_head(year: Year) -> None:
    heads = year.truth("person").filter(pl.col("is_registered") & (pl.col("relation_to_head") == "户主"))
    assert heads["household_code"].is_unique().all()
    assert set(heads["household_code"]) == set(year.truth("household")["household_code"])


def test_divisions_say_what_became_of_them(year: Year) -> None:
    divisions = pl.read_csv(year.reference / "divisions.csv", infer_schema=False)
    held = dict(divisions.select("division_code", "valid_to").iter_rows())
    followed = divisions.filter(pl.col("successor_code").is_not_null())
    assert followed["successor_code"].is_in(divisions["division_code"].implode()).all()
    assert (followed["valid_to"].is_not_null()).all()
    merged = followed.filter(pl.col("successor_code").str.starts_with("990121"))
    assert len(merged) == 2
    assert set(merged["valid_to"]) == {"2024-10-31"}
    assert held["990121000000"] == "2025-02-28"
    assert held["990181000000"] is None


def test_places_bear_the_code_of_the_time(year: Year) -> None:
    divisions = pl.read_csv(year.reference / "divisions.csv", infer_schema=False).select(
        "division_code", *[pl.col(name).str.to_date().alias(f"code_{name}") for name in ("valid_from", "valid_to")]
    )
    lived = year.truth("residence").join(divisions, on="division_code", how="left")
    assert lived.filter(pl.col("code_valid_from") > pl.col("valid_from")).is_empty()
    assert lived.filter(pl.col("code_valid_to") < pl.col("valid_to") - pl.duration(days=1)).is_empty()
    assert lived.filter(pl.col("code_valid_to").is_not_null() & pl.col("valid_to").is_null()).is_empty()


def test_a_year_goes_into_an_empty_inbox_of_the_home_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETYNET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT / "plugins"))
    command = [sys.executable, "-m", "safetynet.demo", "--households", "30"]
    assert [subprocess.run(command, check=False, capture_output=True).returncode for _ in range(2)] == [0, 1]
    assert (tmp_path / "home" / "reference" / "divisions.csv").is_file()
    nothing_to_answer = subprocess.run([*command, "--answer"], check=False)
    assert nothing_to_answer.returncode == 1
