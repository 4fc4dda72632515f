"""The life of an incident: open → acknowledged → resolved, reopened within a window; every step is an event.

All of it happens in a transaction of the caller's, with whatever made it happen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from safetynet.contract import Contract, IncidentKind, Incidents, contracts
from safetynet.division import prefix, present
from safetynet.home import masked, now
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

OPERATIONS = "SAFETYNET_ALERT_OPERATIONS"

OF_THE_INSTALLATION = Incidents()
"""How failures that no feed owns are told."""

_OF_FILES = tuple(
    kind
    for kind in IncidentKind
    if kind not in (IncidentKind.LATE, IncidentKind.BUILD_FAILED, IncidentKind.CHANNEL, IncidentKind.DISK)
)

Row = dict[str, Any]
Step = Literal["opened", "repeated", "reopened"]


@dataclass(frozen=True)
class Place:
    """Where something failed or came right: a file of a feed; all None for the installation itself.

    `as_of` is the date that the file's name or title states, None where it states none. `successors` is former →
    present code of divisions: what is said of one is said of the division that took its place.
    """

    feed: str | None = None
    scope: str | None = None
    part_key: str = ""
    batch_id: str | None = None
    as_of: date | None = None
    successors: Mapping[str, str] = field(default_factory=dict, repr=False)

    def is_of(self, scope: str | None) -> bool:
        """Whether a division is this one, under this or another code."""
        return present(scope, self.successors) == present(self.scope, self.successors)

    def holds(self, scope: str | None) -> bool:
        """Whether a division is this one or lies in it."""
        return _lies_in(present(scope, self.successors), present(self.scope, self.successors))


def rules_of(feed: str | None) -> Incidents:
    """How failures of a feed, or of the installation, are told."""
    return contracts()[feed].incidents if feed in contracts() else OF_THE_INSTALLATION


def owner_of(feed: str | None) -> str:
    """The variable that names the channels of whoever owns a feed's failures."""
    return contracts()[feed].owner.channels if feed in contracts() else OPERATIONS


def _event(
    connection: sa.Connection,
    incident_id: str,
    event: str,
    at: datetime,
    *,
    batch_id: str | None = None,
    by: str | None = None,
    note: str | None = None,
) -> None:
    row = {"incident_id": incident_id, "at": at, "event": event, "batch_id": batch_id, "by": by, "note": note}
    connection.execute(sa.insert(ledger.incident_event).values(row))


def _change(connection: sa.Connection, incident_id: str, **values: Any) -> None:
    table = ledger.incident
    connection.execute(sa.update(table).where(table.c.incident_id == incident_id).values(values))


def _select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Row]:
    statement = sa.select(ledger.incident).where(*conditions).order_by(ledger.incident.c.opened_at)
    return [dict(row) for row in connection.execute(statement).mappings()]


def _is_open() -> sa.ColumnElement[bool]:
    return ledger.incident.c.status != "resolved"


def fail(
    connection: sa.Connection, place: Place, kind: IncidentKind, what: str, at: datetime, note: str | None = None
) -> tuple[Step, Row]:
    """Say that something failed at a moment; returns what that is to its incident, and the incident."""
    table, what, rules = ledger.incident, what[:256], rules_of(place.feed)
    alike = _select(
        connection,
        table.c.feed.is_not_distinct_from(place.feed),
        table.c.part_key == place.part_key,
        table.c.kind == kind,
        table.c.what == what,
    )
    seen = {"last_batch_id": place.batch_id, "last_as_of": place.as_of, "last_seen_at": at}
    window = timedelta(days=rules.reopen_days)
    last = next((row for row in reversed(alike) if place.is_of(row["scope"])), None)
    step: Step = "opened"
    if last and last["status"] != "resolved":
        step = "repeated"
        changed = {**seen, "batches": last["batches"] + 1}
    elif last and at - last["resolved_at"] <= window:
        step = "reopened"
        changed = {**seen, "batches": last["batches"] + 1, "status": "open", "resolved_at": None}
        changed |= {"acknowledged_at": None, "acknowledged_by": None}
    if last and step != "opened":
        _change(connection, last["incident_id"], **changed)
        _event(connection, last["incident_id"], step, at, batch_id=place.batch_id, note=note)
        return step, last | changed
    identity = (place.feed, place.scope, place.part_key, kind, what, place.batch_id, at.isoformat())
    incident: Row = {
        "incident_id": hashlib.sha256("\0".join(map(str, identity)).encode()).hexdigest()[:12],
        "feed": place.feed,
        "scope": place.scope,
        "part_key": place.part_key,
        "kind": kind.value,
        "what": what,
        "severity": rules.severity_of(kind),
        "owner": owner_of(place.feed),
        "status": "open",
        "opened_at": at,
        "batches": 1,
        **seen,
    }
    connection.execute(sa.insert(table).values(incident))
    _event(connection, incident["incident_id"], "opened", at, batch_id=place.batch_id, note=note)
    return "opened", incident


def _end(connection: sa.Connection, incidents: Sequence[Row], at: datetime, **told: str | None) -> None:
    for incident in incidents:
        _change(connection, incident["incident_id"], status="resolved", resolved_at=at)
        _event(connection, incident["incident_id"], "resolved", at, **told)


def clear(connection: sa.Connection, kind: IncidentKind, at: datetime, what: str | None = None) -> None:
    """Say that the installation no longer fails in this way."""
    table = ledger.incident
    is_this = sa.true() if what is None else table.c.what == what
    _end(connection, _select(connection, _is_open(), table.c.feed.is_(None), table.c.kind == kind, is_this), at)


def _late(connection: sa.Connection, feed: str | None) -> list[Row]:
    table = ledger.incident
    return _select(connection, _is_open(), table.c.feed == feed, table.c.kind == IncidentKind.LATE)


def arrived(connection: sa.Connection, place: Place, period: date, at: datetime) -> None:
    """Say that a period's data of a place, or of one above it, has arrived, in whatever state."""
    late = _late(connection, place.feed)
    _end(connection, [row for row in late if place.holds(row["scope"]) and row["last_as_of"] <= period], at)


def late_no_more(connection: sa.Connection, still: Sequence[Place], at: datetime) -> None:
    """Say that only these places are late by now, whatever it was that made the others be in time."""
    table = ledger.incident
    late = _select(connection, _is_open(), table.c.kind == IncidentKind.LATE)
    is_over = [
        row for row in late if not any(place.feed == row["feed"] and place.is_of(row["scope"]) for place in still)
    ]
    _end(connection, is_over, at)


def late_since(connection: sa.Connection, place: Place) -> date | None:
    """The newest period for which a place is known to be late, None while it is not."""
    known = [row["last_as_of"] for row in _late(connection, place.feed) if place.is_of(row["scope"])]
    return known[-1] if known else None


def clean(connection: sa.Connection, feed: Contract, place: Place, failing: Sequence[Row], at: datetime) -> None:
    """Say that a batch is used: what failed before it in its place, and is not in `failing`, is over."""
    table, still = ledger.incident, {incident["incident_id"] for incident in failing}
    before = _select(connection, _is_open(), table.c.feed == feed.feed, table.c.kind.in_(_OF_FILES))
    codes = {present(scope, place.successors) for scope in (*_scopes(connection, feed.feed), place.scope)}
    is_only_scope = whole(codes) is not None or codes == {None}
    over = [
        row
        for row in before
        if row["incident_id"] not in still
        and (place.holds(row["scope"]) or (row["scope"] is None and is_only_scope))
        and (not row["part_key"] or not place.part_key or row["part_key"] == place.part_key)
        and row["last_seen_at"] <= at
        and not _is_older(place.as_of, row)
    ]
    _end(connection, over, at, batch_id=place.batch_id)


def whole(scopes: Collection[str | None]) -> str | None:
    """The one of some divisions in which all of them lie, None where there is no such one."""
    return next((top for top in scopes if top and all(_lies_in(scope, top) for scope in scopes)), None)


def _lies_in(scope: str | None, other: str | None) -> bool:
    """Whether a division is another or lies in it, by the levels of a 12-digit code."""
    if scope is None or other is None:
        return scope == other
    return scope.startswith(prefix(other))


def related(scope: str | None, other: str | None) -> bool:
    """Whether two divisions are one, or one lies in the other."""
    return _lies_in(scope, other) or _lies_in(other, scope)


def _is_older(as_of: date | None, incident: Row) -> bool:
    """Whether a batch tells of a time before the one that failed, and so does not mend it."""
    if incident["kind"] == IncidentKind.AS_OF_IN_FUTURE or not incident["last_as_of"]:
        return False
    return as_of is not None and as_of < incident["last_as_of"]


def _scopes(connection: sa.Connection, feed: str) -> set[str | None]:
    table = ledger.batch
    statement = sa.select(table.c.scope).distinct().where(table.c.feed == feed, table.c.verdict.in_(ACCEPTED))
    return set(connection.execute(statement).scalars())


def only_scope(store: Ledger, feed: str, successors: Mapping[str, str]) -> str | None:
    """The one division, by its present code, of this feed's accepted batches; None where there are several or none."""
    with store.engine.connect() as connection:
        scopes = {present(scope, successors) for scope in _scopes(connection, feed)}
    return next(iter(scopes)) if len(scopes) == 1 else None


def released(connection: sa.Connection, batch_id: str, reason: str, at: datetime, by: str | None) -> None:
    """Say that a held batch is used after all."""
    table = ledger.incident
    held = _select(connection, _is_open(), table.c.last_batch_id == batch_id, table.c.kind.in_(_OF_FILES))
    _end(connection, held, at, batch_id=batch_id, by=by, note=reason)


def passed_over(connection: sa.Connection, feed: str, scope: str | None, at: datetime, by: str, why: str) -> None:
    """Say of a delivery that is late that a month was frozen without it."""
    table = ledger.incident
    place = (table.c.feed == feed, table.c.scope.is_not_distinct_from(scope))
    for incident in _select(connection, _is_open(), *place, table.c.kind == IncidentKind.LATE):
        _event(connection, incident["incident_id"], "noted", at, by=by, note=why)


class NoIncident(ValueError):
    """An id that names no single open incident."""


def _one(connection: sa.Connection, wanted: str) -> Row:
    found = [row for row in _select(connection, _is_open()) if wanted and row["incident_id"].startswith(wanted)]
    if len(found) != 1:
        raise NoIncident(f"no single open incident has the id {wanted!r} / 没有这个未结异常")
    return found[0]


def _by_hand(text: str) -> str:
    return masked(text.strip())


def acknowledge(store: Ledger, wanted: str, by: str, note: str) -> None:
    """Say that somebody is at work on an incident, named by its id or the unique beginning of it; raises NoIncident."""
    at, by = now(), _by_hand(by)[:128]
    with store.transaction() as connection:
        incident = _one(connection, wanted)
        _change(connection, incident["incident_id"], status="acknowledged", acknowledged_at=at, acknowledged_by=by)
        _event(connection, incident["incident_id"], "acknowledged", at, by=by, note=_by_hand(note) or None)


def assign(store: Ledger, wanted: str, to: str, by: str) -> None:
    """Give an incident to somebody; raises NoIncident."""
    to = _by_hand(to)[:128]
    with store.transaction() as connection:
        incident = _one(connection, wanted)
        _change(connection, incident["incident_id"], assigned_to=to)
        _event(connection, incident["incident_id"], "assigned", now(), by=_by_hand(by)[:128], note=to)


def note(store: Ledger, wanted: str, by: str, text: str) -> None:
    """Write something down about an incident; raises NoIncident."""
    with store.transaction() as connection:
        incident = _one(connection, wanted)
        _event(connection, incident["incident_id"], "noted", now(), by=_by_hand(by)[:128], note=_by_hand(text))


def resolve(store: Ledger, wanted: str, by: str, reason: str) -> None:
    """Close an incident by hand; raises NoIncident, also where no reason is given."""
    if not reason.strip():
        raise NoIncident("closing an incident by hand states its reason / 关闭必须写明原因")
    with store.transaction() as connection:
        _end(connection, [_one(connection, wanted)], now(), by=_by_hand(by)[:128], note=_by_hand(reason))


def notified(connection: sa.Connection, incident_ids: Sequence[str], at: datetime, message_id: str) -> None:
    """Say that a message about incidents went out."""
    for incident_id in incident_ids:
        _change(connection, incident_id, last_notified_at=at)
        _event(connection, incident_id, "notified", at, note=message_id)


def current(store: Ledger) -> list[Row]:
    """Incidents that are not over, the oldest first."""
    return store.rows(sa.select(ledger.incident).where(_is_open()).order_by(ledger.incident.c.opened_at))


def opening(store: Ledger, incident_id: str) -> int:
    """The number of the event that opened or reopened an incident last."""
    table = ledger.incident_event
    events = store.rows(
        sa.select(table.c.event_id).where(table.c.incident_id == incident_id, table.c.event.in_(("opened", "reopened")))
    )
    return max(int(row["event_id"]) for row in events)
