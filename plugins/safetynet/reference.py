"""Reference tables that a county keeps itself: divisions and policy parameters, every version of them kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet import reference_table
from safetynet.home import CHECKOUT, Home, now
from safetynet.land.landing import land_bytes
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.reference_table import UnusableReference, day, read, refuse_unusable

DIVISIONS = reference_table.DIVISIONS
POLICY_PARAMETERS = reference_table.POLICY_PARAMETERS
POLICY_DEFAULTS = CHECKOUT / "dbt_project" / "seeds" / "policy_parameter_default.csv"


class MissingReference(UnusableReference):
    """The division table is not there, and without it no row can be placed."""


def keep(home: Home, store: Ledger) -> None:
    """Land the reference tables as they are now; an unchanged one is not landed again, one that came back is.

    Raises MissingReference where there is no division table and never was one, UnusableReference where a table is new
    and not of its form; what came before it stays in force.
    """
    for name in (DIVISIONS, POLICY_PARAMETERS):
        path = home.reference / name
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            sha256 = land_bytes(home, stream)
        known = [version["sha256"] for version in versions(store, name)]
        if sha256 in known[-1:]:
            continue
        refuse_unusable(name, home.landed(sha256))
        table = ledger.reference_return if sha256 in known else ledger.reference
        with store.transaction() as connection:
            store.put(connection, table, [{"name": name, "sha256": sha256, "received_at": now()}])
    if version(store, DIVISIONS) is None:
        raise MissingReference(
            f"{DIVISIONS} is missing in the reference folder {home.reference}. · 缺少行政区划表 {DIVISIONS}。"
        )


def versions(store: Ledger, name: str) -> list[dict[str, Any]]:
    """sha256 and received_at of every version of a reference table, in the order in which they came into force."""
    rows = [
        row
        for table in (ledger.reference, ledger.reference_return)
        for row in store.rows(sa.select(table.c.sha256, table.c.received_at).where(table.c.name == name))
    ]
    return sorted(rows, key=lambda row: row["received_at"])


def version(store: Ledger, name: str, known_at: datetime | None = None) -> str | None:
    """The sha256 of the newest version received by a moment (None: of all), else of the first there ever was."""
    rows = versions(store, name)
    known = [row for row in rows if known_at is None or row["received_at"] <= known_at]
    return (known or rows[:1])[-1]["sha256"] if rows else None


def present_codes(known: pl.DataFrame, as_of: date) -> dict[str, str]:
    """Former → present code of the divisions of a table on a date."""
    return dict(successors(known, as_of).iter_rows())


def ended(known: pl.DataFrame) -> dict[str, date]:
    """Division → its last day, for the divisions of a table that have one."""
    last = known.group_by("division_code").agg(
        pl.col("valid_to").max(), (pl.col("valid_to").is_null()).any().alias("holds")
    )
    return dict(last.filter(~pl.col("holds")).select("division_code", "valid_to").iter_rows())


def renamings(successors: pl.DataFrame) -> dict[str, str]:
    """Old code → new code of divisions that are the same under another code, merged with no other."""
    return dict(successors.filter(~pl.col("successor_code").is_duplicated()).iter_rows())


def renamed(policy: pl.DataFrame, successors: pl.DataFrame) -> pl.DataFrame:
    """Policy parameters with the new codes of renamed divisions; those of merged ones as they are."""
    padded = pl.col("division_code").str.pad_end(12, "0")
    return policy.with_columns(
        padded.replace_strict(renamings(successors), default=pl.col("division_code"), return_dtype=pl.String)
    )


def _text(table: pl.DataFrame, column: str) -> pl.Expr:
    if column not in table.columns:
        return pl.lit(None, pl.String)
    return pl.col(column).replace("", None)


def _date(table: pl.DataFrame, column: str) -> pl.Expr:
    if column not in table.columns:
        return pl.lit(None, pl.Date).alias(column)
    return day(column).alias(column)


def divisions(home: Home, store: Ledger, known_at: datetime | None = None) -> pl.DataFrame:
    """division_code (12 digits), name, level, parent_code, valid_from, valid_to (dates or null), successor_code."""
    sha256 = version(store, DIVISIONS, known_at)
    if sha256 is None:
        raise MissingReference(f"{DIVISIONS} is missing in the reference folder {home.reference}")
    table = read(home.landed(sha256))
    code = pl.col("division_code").str.pad_end(12, "0")
    parent = pl.col("parent_code")
    return table.select(
        code,
        pl.col("name"),
        pl.col("level").cast(pl.Int32),
        pl.when(parent == "").then(None).otherwise(parent.str.pad_end(12, "0")).alias("parent_code"),
        _date(table, "valid_from"),
        _date(table, "valid_to"),
        _text(table, "successor_code").str.pad_end(12, "0").alias("successor_code"),
    )


def successors(known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """division_code of every division that another took the place of by a date, and the successor_code of that date.

    A division without a successor keeps its rows under its own code: where one was split, nobody knows who lives where.
    """
    follows = _follows(known, as_of)
    return pl.DataFrame(
        {"division_code": list(follows), "successor_code": [_last(code, follows) for code in follows]},
        schema={"division_code": pl.String, "successor_code": pl.String},
    )


def key_codes(known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The code that stands for a division in the keys of those who live there, so that a new code makes nobody another.

    division_code; key_code: the first code of a division that was only called otherwise since, else its own; merged_on:
    the day from which its people are keyed as those of the division that it became part of, null where it did not.
    """
    past = _Past(known, as_of)
    rows = [
        (code, past.key_code(code), min((day for _, day in past.former_key_codes(code)), default=None))
        for code in past.codes
    ]
    schema = {"division_code": pl.String, "key_code": pl.String, "merged_on": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def former_key_codes(known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The codes that stood in the keys of a division's people before it became part of another, and that of another.

    division_code; key_code; merged_on: the day from which another code stands there.
    """
    past = _Past(known, as_of)
    rows = [(division, code, day) for division in past.codes for code, day in past.former_key_codes(division)]
    schema = {"division_code": pl.String, "key_code": pl.String, "merged_on": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


class _Past:
    """Which divisions became which by a date, for keys that go on where a division was only called otherwise."""

    def __init__(self, known: pl.DataFrame, as_of: date) -> None:
        days = known.group_by("division_code").agg(pl.col("valid_from").min(), pl.col("valid_to").max())
        self._begins: dict[str, date | None] = dict(days.select("division_code", "valid_from").iter_rows())
        self._ends: dict[str, date] = dict(days.select("division_code", "valid_to").iter_rows())
        self._follows = _follows(known, as_of)
        self._before: dict[str, list[str]] = {}
        for code, successor in self._follows.items():
            self._before.setdefault(successor, []).append(code)
        self.codes = sorted(self._follows.keys() | self._before.keys())

    def key_code(self, code: str) -> str:
        """The first code of a division that was only called otherwise since."""
        passed = {code}
        while len(self._before.get(code, [])) == 1:
            (earlier,) = self._before[code]
            begun = self._begins.get(code)
            if earlier in passed or begun is None or begun <= self._ends[earlier]:
                break
            passed.add(earlier)
            code = earlier
        return code

    def former_key_codes(self, code: str) -> list[tuple[str, date]]:
        """The codes that stood in the keys of a division's people, each with the day from which another does."""
        found, passed = [], set[str]()
        while code in self._follows and code not in passed:
            passed.add(code)
            key = self.key_code(code)
            if self.key_code(self._follows[code]) != key:
                found.append((key, self._ends[code] + timedelta(days=1)))
            code = self._follows[code]
        return found


def _follows(known: pl.DataFrame, as_of: date) -> dict[str, str]:
    """Each division that has ended by a date, and the one that came next."""
    holds = pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of)
    ended = known.filter(~holds.any().over("division_code") & pl.col("successor_code").is_not_null())
    newest = ended.sort("valid_to", maintain_order=True).unique("division_code", keep="last", maintain_order=True)
    return dict(newest.select("division_code", "successor_code").iter_rows())


def _last(code: str, follows: dict[str, str]) -> str:
    """The end of a chain of successors; one that runs in a circle ends where it would begin anew."""
    passed = {code}
    while code in follows and follows[code] not in passed:
        code = follows[code]
        passed.add(code)
    return code


def policy_parameters(home: Home, store: Ledger, known_at: datetime | None = None) -> pl.DataFrame:
    """Delivered parameters and the shipped defaults, told apart by is_delivered."""
    sha256 = version(store, POLICY_PARAMETERS, known_at)
    delivered = home.landed(sha256) if sha256 else None
    parts = []
    for path, is_delivered in ((POLICY_DEFAULTS, False), (delivered, True)):
        if path is not None:
            table = read(path)
            parts.append(
                table.select(
                    "parameter_id",
                    "division_code",
                    "population",
                    _date(table, "valid_from"),
                    _date(table, "valid_to"),
                    pl.col("value").cast(pl.Float64),
                    "unit",
                    pl.lit(is_delivered).alias("is_delivered"),
                )
            )
    return pl.concat(parts)
