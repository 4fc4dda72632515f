"""Every feed × scope as it stands: the newest period against its due day, the last verdict, volume, open incidents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from safetynet.contract import Contract, contracts
from safetynet.division import above, present
from safetynet.home import Home
from safetynet.incidents.calendar import next_deadline
from safetynet.incidents.cover import ShareWithin, share_within
from safetynet.pages import divisions
from safetynet.pages.divisions import Division
from safetynet.pages.freshness import Freshness, freshness
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

MONTHS = 24
PAGE = 50


class Level(StrEnum):
    """How urgent something is; in the order of urgency."""

    BAD = "bad"
    LOOK = "look"
    GOOD = "good"


_URGENCY = {level: position for position, level in enumerate(Level)}


Key = tuple[str, str | None]
"""Feed and scope."""


class Series(NamedTuple):
    """What one department delivers about one scope, by its newest batch; without one where nothing arrived.

    A division that has another code, or is part of another, by now is the one that took its place.
    """

    contract: Contract
    scope: str | None
    batch: dict[str, Any] | None
    came: date | None
    """The newest period of which anything came, also with a related division."""
    freshness: Freshness
    due: date | None
    days_late: int
    incidents: int
    level: Level

    @property
    def usable_share(self) -> float | None:
        """Of the newest batch's distinct rows, those that can be used."""
        if self.batch is None:
            return None
        usable, put_aside = self.batch["rows_accepted"], self.batch["rows_quarantined"]
        return usable / (usable + put_aside) if usable + put_aside else None


def verdict_now() -> sa.ColumnElement[str]:
    """The verdict that holds on a batch: a released one is accepted."""
    table, release = ledger.batch.c, ledger.release
    is_released = sa.and_(table.verdict == "held", sa.exists().where(release.c.batch_id == table.batch_id))
    accepted = sa.case((table.rows_quarantined > 0, "accepted_with_quarantine"), else_="accepted")
    return sa.case((is_released, accepted), else_=table.verdict).label("verdict")


def _is_of_one(codes: Collection[str | None]) -> sa.ColumnElement[bool]:
    """Holds for batches of a scope under any of its codes; None: of those that name none."""
    return sa.or_(*(ledger.batch.c.scope.is_not_distinct_from(code) for code in codes))


def _newest_batches(store: Ledger, today: date, successors: Mapping[str, str]) -> dict[Key, dict[str, Any]]:
    """The newest batch of every (feed, scope): of its newest as-of date the one that came last.

    What was rejected before it told its scope belongs to none, what is of a day to come to no period; see `astray`.
    """
    found = [row for has_scope in (True, False) for row in _newest(store, today, has_scope=has_scope)]
    found.sort(key=lambda row: (row["as_of"], row["received_at"], row["batch_id"]))
    return {(row["feed"], present(row["scope"], successors)): row for row in found}


def _newest(store: Ledger, today: date, *, has_scope: bool) -> list[dict[str, Any]]:
    """Those of every code that is named, or of batches that name none; each step is a search in `batch_of_scope`."""
    table, other = ledger.batch, ledger.batch.alias()
    series = sa.select(table.c.feed, table.c.scope).where(_counts(table, has_scope)).distinct().subquery()

    def of_series(batch: sa.FromClause) -> sa.ColumnElement[bool]:
        is_of_scope = batch.c.scope == series.c.scope if has_scope else sa.true()
        return sa.and_(batch.c.feed == series.c.feed, is_of_scope, _counts(batch, has_scope))

    as_of = sa.select(sa.func.max(other.c.as_of)).where(of_series(other), other.c.as_of <= today).scalar_subquery()
    return store.rows(
        sa.select(
            *(table.c[name] for name in ("batch_id", "feed", "scope", "as_of", "received_at")),
            *(table.c[name] for name in ("rows_received", "rows_accepted", "rows_quarantined")),
            verdict_now(),
        )
        .select_from(series)
        .join(table, sa.and_(of_series(table), table.c.as_of == as_of))
    )


def _counts(batch: sa.FromClause, has_scope: bool) -> sa.ColumnElement[bool]:
    is_known = batch.c.feed.in_(contracts())
    if has_scope:
        return sa.and_(is_known, batch.c.scope.is_not(None))
    return sa.and_(is_known, batch.c.scope.is_(None), batch.c.verdict != "rejected")


def _open_incidents(store: Ledger, successors: Mapping[str, str]) -> dict[Key, tuple[int, int]]:
    """(feed, scope) → open incidents, and critical ones among them."""
    table = ledger.incident
    is_critical = sa.case((table.c.severity == "critical", 1), else_=0)
    rows = store.rows(
        sa.select(
            table.c.feed, table.c.scope, sa.func.count().label("open"), sa.func.sum(is_critical).label("critical")
        )
        .where(table.c.status != "resolved", table.c.feed.is_not(None))
        .group_by(table.c.feed, table.c.scope)
    )
    found: dict[Key, tuple[int, int]] = {}
    for row in rows:
        key = row["feed"], present(row["scope"], successors)
        others, critical = found.get(key, (0, 0))
        found[key] = others + row["open"], critical + row["critical"]
    return found


def _level(contract: Contract, batch: dict[str, Any] | None, state: Freshness, incidents: tuple[int, int]) -> Level:
    if state in (Freshness.LATE, Freshness.NEVER) or incidents[1]:
        return Level.BAD
    if batch is None:
        return Level.GOOD
    if batch["verdict"] in ("held", "rejected"):
        return Level.BAD
    share = batch["rows_quarantined"] / (batch["rows_received"] or 1)
    is_dubious = share > contract.bounds.quarantined_share / 2
    return Level.LOOK if state is Freshness.SOON or incidents[0] or is_dubious else Level.GOOD


def _came(newest: Mapping[Key, dict[str, Any]], share: ShareWithin) -> dict[Key, date]:
    """The newest date of which anything came about a scope or one above it, or with those in it most of its rows."""
    came, scopes = {key: batch["as_of"] for key, batch in newest.items()}, {scope for _, scope in newest if scope}
    lies_in = {scope: codes for scope in scopes if (codes := [code for code in above(scope) if code in scopes])}
    inside: dict[Key, dict[str, dict[str, Any]]] = {}
    for (feed, scope), batch in newest.items():
        holding: list[Key] = [(feed, code) for code in lies_in.get(scope or "", ()) if (feed, code) in newest]
        for key in holding:
            came[feed, scope] = max(came[feed, scope], newest[key]["as_of"])
            if scope and batch["as_of"] > newest[key]["as_of"]:
                inside.setdefault(key, {})[scope] = batch
    for (feed, code), parts in inside.items():
        for day in sorted({batch["as_of"] for batch in parts.values()}, reverse=True):
            sent = [scope for scope, batch in parts.items() if batch["as_of"] >= day]
            if share(feed, [newest[feed, code]["batch_id"]], sent) >= contracts()[feed].bounds.volume_low:
                came[feed, code] = max(came[feed, code], day)
                break
    return came


def overview(
    home: Home, store: Ledger, today: date, known_divisions: Mapping[str, Division] | None = None
) -> list[Series]:
    """All series, the most urgent first; a feed of which nothing ever arrived is one without a scope.

    As the watchdog does, it waits for no division that is no more but for the one that took its place, and takes what
    came with a related one.
    """

    @cache
    def standing(feed: str, as_of: date | None, ended: date | None) -> tuple[Freshness, date | None, int]:
        """How a feed stands whose newest period is of that day, its next due day, and the days since then."""
        state = freshness(contracts()[feed], as_of, today, ended)
        due = next_deadline(contracts()[feed], as_of) if as_of and state is not Freshness.ENDED else None
        return state, due, (today - due).days if due and state is Freshness.LATE else 0

    known_by_code = known_divisions or {}
    successors = divisions.successors(known_by_code)
    newest = _newest_batches(store, today, successors)
    came, incidents = _came(newest, share_within(home, successors)), _open_incidents(store, successors)
    delivered = {feed for feed, _ in newest}
    known: list[Key] = [key for key in newest if key[0] in contracts()]
    known += [(feed, None) for feed in contracts() if feed not in delivered]
    found = []
    for key in known:
        contract, batch = contracts()[key[0]], newest.get(key)
        division = known_by_code.get(key[1] or "")
        state, due, days_late = standing(key[0], came.get(key), division.ended if division else None)
        found.append(
            Series(
                contract=contract,
                scope=key[1],
                batch=batch,
                came=came.get(key),
                freshness=state,
                due=due,
                days_late=days_late,
                incidents=incidents.get(key, (0, 0))[0],
                level=_level(contract, batch, state, incidents.get(key, (0, 0))),
            )
        )
    return sorted(found, key=lambda one: (_URGENCY[one.level], -one.days_late, one.contract.feed, one.scope or ""))


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def volumes(
    store: Ledger, shown: Sequence[Series], newest: date, successors: Mapping[str, str] | None = None
) -> dict[Key, list[int | None]]:
    """(feed, scope) → rows received in each of the MONTHS months up to that of `newest`, None where none came.

    Where a period came again, its last delivery counts; of divisions that became one, those of all together.
    """
    table, present_codes = ledger.batch, successors or {}
    first = _month(newest) - MONTHS + 1
    wanted = [
        sa.and_(table.c.feed == one.contract.feed, _is_of_one(divisions.codes(present_codes, one.scope)))
        for one in shown
        if one.batch
    ]
    if not wanted:
        return {}
    rows = store.rows(
        sa.select(table.c.feed, table.c.scope, table.c.as_of, table.c.rows_received)
        .where(sa.or_(*wanted), table.c.as_of > newest - timedelta(days=31 * MONTHS))
        .order_by(table.c.received_at)
    )
    by_day = {(row["feed"], row["scope"], row["as_of"]): row["rows_received"] for row in rows}
    counted: dict[Key, list[int | None]] = {}
    for (feed, scope, as_of), received in by_day.items():
        months = counted.setdefault((feed, present(scope, present_codes)), [None] * MONTHS)
        position = _month(as_of) - first
        if 0 <= position < MONTHS:
            months[position] = (months[position] or 0) + received
    return counted


def astray(store: Ledger, today: date, limit: int = 10) -> list[dict[str, Any]]:
    """The newest files that belong to no period of a scope: rejected before they told one, or of a day to come."""
    table, batch = ledger.delivery, ledger.batch
    rejected = (
        sa.select(table.c.delivery_id, table.c.feed, table.c.source_file, table.c.received_at, table.c.verdict)
        .join(batch, batch.c.batch_id == table.c.batch_id, isouter=True)
        .where(table.c.verdict == "rejected", batch.c.scope.is_(None))
        .order_by(table.c.received_at.desc(), table.c.delivery_id)
        .limit(limit)
    )
    to_come = (
        sa.select(table.c.delivery_id, table.c.feed, table.c.source_file, table.c.received_at, table.c.verdict)
        .join(batch, batch.c.batch_id == table.c.batch_id)
        .where(
            table.c.verdict != "duplicate",
            batch.c.feed.in_(contracts()),
            batch.c.as_of > today,
            batch.c.verdict == "held",
        )
        .order_by(table.c.received_at.desc(), table.c.delivery_id)
        .limit(limit)
    )
    found = {row["delivery_id"]: row for statement in (rejected, to_come) for row in store.rows(statement)}
    return sorted(found.values(), key=lambda row: row["received_at"], reverse=True)[:limit]


def waiting(store: Ledger, feed: str, limit: int = 10) -> list[dict[str, Any]]:
    """Landed files (of one feed, or all) that wait to be read, the oldest first."""
    table = ledger.landing
    is_of_feed = table.c.feed == feed if feed else sa.true()
    return store.rows(
        sa.select(table).where(table.c.is_done.is_(False), is_of_feed).order_by(table.c.received_at).limit(limit)
    )


def batches(store: Ledger, feed: str, codes: Collection[str | None], limit: int = MONTHS * 2) -> list[dict[str, Any]]:
    """The newest batches of a series, under any of its scope's codes, newest first.

    Each has the number of its expectations that failed.
    """
    table, result = ledger.batch, ledger.expectation_result
    failed = (
        sa.select(sa.func.count())
        .where(result.c.batch_id == table.c.batch_id, result.c.success.is_(False))
        .scalar_subquery()
    )
    columns = [column for column in table.c if column.name not in ("verdict", "reason")]
    return store.rows(
        sa.select(*columns, verdict_now(), failed.label("failed"))
        .where(table.c.feed == feed, _is_of_one(codes))
        .order_by(table.c.as_of.desc(), table.c.received_at.desc())
        .limit(limit)
    )


@dataclass(frozen=True)
class Trend:
    """One expectation over the batches of a series: rows that failed in each, oldest first, None where not checked."""

    expectation: str
    column: str | None
    failed: list[int | None]

    @property
    def total(self) -> int:
        """Rows that failed in all."""
        return sum(value or 0 for value in self.failed)


def trends(store: Ledger, shown: Sequence[dict[str, Any]], limit: int = 12) -> list[Trend]:
    """The expectations that failed most in these batches (newest first), over all of them."""
    table = ledger.expectation_result
    order = [row["batch_id"] for row in reversed(shown)]
    rows = store.rows(
        sa.select(
            table.c.batch_id, table.c.expectation, table.c.column_name, sa.func.sum(table.c.rows_failed).label("failed")
        )
        .where(table.c.batch_id.in_(order))
        .group_by(table.c.batch_id, table.c.expectation, table.c.column_name)
    )
    found: dict[tuple[str, str | None], Trend] = {}
    for row in rows:
        key = (row["expectation"], row["column_name"])
        trend = found.setdefault(key, Trend(*key, [None] * len(order)))
        trend.failed[order.index(row["batch_id"])] = int(row["failed"])
    most = sorted(found.values(), key=lambda trend: (-trend.total, trend.expectation, trend.column or ""))
    return [trend for trend in most if trend.total][:limit]
