"""Freezing a month: its indicators as of its last day, as known at one moment, kept for good.

What is begun stands in the ledger with its moment before anything is built, so that whoever is killed is finished by
the next with the same figures. They count when their file is there and the ledger says so, in this order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import sqlalchemy as sa

from safetynet.clean.statement import literal
from safetynet.deliver import alerts
from safetynet.home import Home, county_day, masked, now
from safetynet.incidents import threads
from safetynet.official import kept
from safetynet.official import month as months
from safetynet.official.kept import Row, revisions, sha256
from safetynet.official.month import AlreadyFrozen, NotFrozen
from safetynet.publish import lake, ledger
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build
from safetynet.workshop import workshop


def freeze(
    home: Home,
    store: Ledger,
    month: date,
    by: str = "",
    reason: str = "",
    *,
    revise: bool = True,
    tell: Callable[[str], None] = lambda name: None,
) -> Row:
    """Freeze a month and return what the ledger says of it.

    Where somebody is missing, or nobody is awaited, it takes a name and a reason, and where the month is frozen already
    as well: then it is a further revision, or AlreadyFrozen where `revise` is false. What a killed process began is
    finished first, as that one meant it. `tell` hears what is built. Raises NotFrozen, BuildFailed, NothingToBuild.
    """
    with home.alone("official"):
        row = next((each for each in revisions(store, month) if each["frozen_at"] is None), None)
        if row is None:
            if not revise and kept.is_frozen(store, month):
                raise AlreadyFrozen(f"{month:%Y-%m} is frozen already / 已经固化")
            row = _begin(home, store, month, masked(by.strip())[:128], masked(reason.strip()))
        wanted = build.target(home, store, months.last_day(month), row["known_at"])
        try:
            if not build.is_up_to_date(store, wanted):
                build.build(home, store, wanted, tell)
        except build.BuildFailed:
            _withdraw(store, row)
            raise
        return _publish(home, store, row, wanted.current)


def _begin(home: Home, store: Ledger, month: date, by: str, reason: str) -> Row:
    """Write down what is to be frozen, as known now; raises NotFrozen, NothingToBuild."""
    at, done = now(), revisions(store, month)
    months.refuse_running(month, county_day(at))
    everybody = months.awaited_now(home, store, month)[month]
    lacking = months.lacking(everybody)
    is_by_hand = bool(lacking or done)
    if is_by_hand and not (by and reason):
        why = f"{month:%Y-%m} is frozen already / 已经固化" if done else "\n".join(lacking)
        raise NotFrozen(f"{why}\nIt takes BY=… and REASON=… · 须写明 BY 和 REASON")
    build.target(home, store, months.last_day(month), at)
    row = {
        "month": month,
        "revision": len(done) + 1,
        "known_at": at,
        "by": by or None,
        "reason": reason if is_by_hand else None,
        "missing": [each.as_row() for each in months.missing(everybody)],
        "models_version": None,
        "sha256": None,
        "frozen_at": None,
    }
    with store.transaction() as connection:
        store.put(connection, ledger.official_month, [row])
    return revisions(store, month)[-1]


def _is(row: Row) -> sa.ColumnElement[bool]:
    table = ledger.official_month
    return sa.and_(table.c.month == row["month"], table.c.revision == row["revision"], table.c.frozen_at.is_(None))


def _withdraw(store: Ledger, row: Row) -> None:
    """A build that fails may need a better batch, which one for this moment would never see."""
    with store.transaction() as connection:
        connection.execute(sa.delete(ledger.official_month).where(_is(row)))


def _publish(home: Home, store: Ledger, row: Row, answer: Path) -> Row:
    path = home.official(row["month"], row["revision"])
    home.folder("official")
    with workshop(home.folder("tmp")) as draft:
        made = draft / path.name
        models_version = _copy(answer, made, row)
        digest = sha256(made)
        lake.move(made, path, mode=0o400)
    at = now()
    done = {"models_version": models_version, "sha256": digest, "frozen_at": at}
    with store.transaction() as connection:
        connection.execute(sa.update(ledger.official_month).where(_is(row)).values(done))
        for each in row["missing"]:
            why = f"{row['month']:%Y-%m}: {row['reason']}"
            threads.passed_over(connection, each["feed"], each["scope"], at, row["by"], why)
        if row["missing"]:
            told = [months.Awaited.of_row(each).told() for each in row["missing"]]
            store.put(connection, ledger.message, [alerts.about_released_month(row, told, threads.OPERATIONS)])
    return row | done


def _copy(answer: Path, made: Path, row: Row) -> str:
    """Write a build's indicators as a month's, in one order; returns the version of the models behind them."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(answer))} AS answer (READ_ONLY)")
        connection.execute(
            f"""
            COPY (
                SELECT
                    DATE {literal(row["month"].isoformat())} AS month,
                    {row["revision"]}::INTEGER AS revision,
                    * EXCLUDE (as_of)
                FROM answer.marts.division_indicator
                ORDER BY division_code, indicator_id
            ) TO {literal(str(made))} (FORMAT parquet, COMPRESSION zstd)
            """
        )
        ((version,),) = connection.execute("SELECT models_version FROM answer.quality.build").fetchall()
    return str(version)
