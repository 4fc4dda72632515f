"""The signals of the truth: all rules fire, for a few, and two are found again in another way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from safetynet.demo.signals import RULES, policy

if TYPE_CHECKING:
    from conftest import Drop


def test_every_rule_fires_for_some_and_not_for_most(drop: Drop) -> None:
    found = (
        drop.truth("signal")
        .group_by("rule_id")
        .agg(homes=pl.col("household_code").n_unique(), persons=pl.col("person_id").n_unique())
    )
    assert set(found["rule_id"]) == set(RULES)
    assert max(found["homes"].to_list()) < 0.15 * len(drop.truth("household"))
    assert max(found["persons"].to_list()) < 0.05 * len(drop.truth("person"))


def test_each_signal_stands_once(drop: Drop) -> None:
    key = ["rule_id", "household_code", "person_id"]
    both = pl.concat([drop.truth("signal").select(key), drop.truth("undecided").select(key)])
    assert both.is_unique().all()


def test_most_signals_are_certain(drop: Drop) -> None:
    signals = drop.truth("signal")
    assert len(signals.filter("is_certain")) > 0.9 * len(signals)


@pytest.mark.parametrize(
    ("parameter", "on", "population", "value"),
    [
        ("monitoring_line", date(2025, 6, 30), "all", 8000.0),
        ("monitoring_line", date(2024, 12, 31), "all", 7500.0),
        ("monitoring_line", date(2023, 6, 30), "all", 6000.0),
        ("medical_out_of_pocket", date(2025, 1, 1), "low_income", 9000.0),
        ("medical_out_of_pocket", date(2025, 1, 1), "other", 21000.0),
        ("medical_out_of_pocket", date(2024, 1, 1), "other", 20000.0),
        ("school_age_max", date(2025, 6, 30), "all", 14.0),
    ],
)
def test_policy_of_a_day(parameter: str, on: date, population: str, value: float) -> None:
    assert policy(parameter, on, population) == value


def test_income_below_line_is_found_in_the_workbook(tidy: Drop) -> None:
    rows = tidy.cells(tidy.file("registry_member"))
    code, income = rows[2].index("户编号"), rows[2].index("人均纯收入(元)")
    below = {row[code] for row in rows[3:] if row[code] and float(str(row[income])) < 8000}
    mine = tidy.truth("signal").filter(pl.col("rule_id") == "INC_BELOW_LINE")
    assert set(mine["household_code"]) == below


def test_children_who_are_not_enrolled_are_in_no_row(tidy: Drop) -> None:
    rows = tidy.cells(tidy.file("education_enrollment"))
    pupils = {row[2] for row in rows[1:]}
    of_age = tidy.truth("person").filter(
        "is_registered", pl.col("birth_date").is_between(date(2009, 9, 1), date(2018, 8, 31))
    )
    missing = {row["person_id"] for row in of_age.iter_rows(named=True) if row["id_number"] not in pupils}
    mine = tidy.truth("signal").filter(pl.col("rule_id") == "EDU_NOT_ENROLLED")
    assert set(mine["person_id"]) == missing


def test_settlements_of_a_year_are_summed(tidy: Drop) -> None:
    total: dict[object, float] = {}
    for path in tidy.files():
        if path.parent.name == "health_settlement":
            for row in tidy.cells(path)[1:]:
                if "2024-07-01" <= str(row[9]) <= "2025-06-30":
                    total[row[1]] = total.get(row[1], 0.0) + float(str(row[15]))
    numbers = dict(tidy.truth("person").select("person_id", "id_number").iter_rows())
    found = tidy.truth("signal").filter(pl.col("rule_id") == "MED_HIGH_OUT_OF_POCKET")
    for person, observed in found.select("person_id", "observed_value").iter_rows():
        assert total[numbers[person]] == pytest.approx(observed)
    assert {numbers[person] for person in found["person_id"]} >= {
        one for one, sum_ in total.items() if sum_ >= 21000
    }
