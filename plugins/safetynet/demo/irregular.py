"""Deliveries that go wrong: late, mistaken, broken off or garbled and then as they should be, sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from safetynet.demo.table import Table
from safetynet.demo.year import Due

# What becomes of a feed's delivery, by its turn; the first one is always in order.
_IRREGULAR = {
    ("health_major_illness", 3): "late",
    ("health_settlement", 8): "late",
    ("registry_member", 5): "corrected",
    ("health_chronic_disease", 2): "broken_off",
    ("education_enrollment", 7): "garbled",
    ("civil_assistance", 6): "sent_twice",
    ("water_household", 1): "one_town",
}


@dataclass(frozen=True)
class Delivery:
    """A table as it is sent, the day on which it arrives, what is wrong, and what is put behind the file's name."""

    table: Table
    arrives_on: date
    kind: str = "regular"
    remark: str = ""
    is_sent_twice: bool = False


def deliveries(due: Due, turn: int, on: date, last: date) -> Iterator[Delivery]:
    """How what is due on a day is sent; `turn` counts a feed's deliveries from 0, on the last day all is in order."""
    usual = on + timedelta(days=1)
    table, size = due.table, len(due.table.frame)
    match kind := _IRREGULAR.get((table.feed, turn), "regular") if on < last else "regular":
        case "late":
            yield Delivery(table, on + timedelta(days=45), kind)
        case "corrected":
            wrong = pl.when(_in_one_town(table)).then(pl.col("per_capita_net_income") // 10)
            said = table.frame.with_columns(per_capita_net_income=wrong.otherwise("per_capita_net_income"))
            yield Delivery(table.holding(said), usual, "wrong")
            yield Delivery(table, on + timedelta(days=5), kind, "_更正")
        case "broken_off":
            yield Delivery(table.holding(table.frame.head(size * 3 // 5)), usual, kind)
            yield Delivery(table, on + timedelta(days=7), "repeated", "_重报")
        case "garbled":
            readable = pl.int_range(pl.len()) % 4 > 0
            lost = table.frame.with_columns(enrollment_status=pl.when(readable).then("enrollment_status"))
            yield Delivery(table.holding(lost), usual, kind)
            yield Delivery(table, on + timedelta(days=7), "repeated", "_重报")
        case "sent_twice":
            yield Delivery(table, usual, kind, is_sent_twice=True)
        case "one_town":
            yield Delivery(table.only(_in_one_town(table)), usual, kind)
        case _:
            yield Delivery(table, usual)


def _in_one_town(table: Table) -> pl.Expr:
    """Rows of the town that stands first in the table."""
    return pl.col("division_code").str.slice(0, 9) == str(table.frame["division_code"].min())[:9]
