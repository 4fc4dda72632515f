"""Incidents as people see them: found, filtered, moved on by hand, and the time-line of what happened to one."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa

from safetynet.contract import Titles, contracts
from safetynet.incidents import threads
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

PAGE = 50
NOTE_LENGTH = 1000

Act = Literal["acknowledge", "assign", "note", "resolve"]

_POSSIBLE: dict[Act, tuple[str, ...]] = {
    "acknowledge": ("open",),
    "assign": ("open", "acknowledged"),
    "note": ("open", "acknowledged"),
    "resolve": ("open", "acknowledged"),
}
"""Act → the states in which it can be done."""

NEEDS_TEXT: tuple[Act, ...] = ("assign", "note", "resolve")
"""Acts that say something: to whom, what, and why it is over."""


class CannotAct(ValueError):
    """The incident is in a state in which this cannot be done, or what it needs was not given."""


def possible(status: str) -> list[Act]:
    """What can be done with an incident in this state."""
    return [act for act, states in _POSSIBLE.items() if status in states]


def _wanted(status: str | None, feed: str | None, severity: str | None, owner: str | None) -> list[Any]:
    table = ledger.incident.c
    wanted: list[Any] = [
        column == value
        for column, value in ((table.feed, feed), (table.severity, severity), (table.owner, owner))
        if value
    ]
    if status == "unresolved":
        wanted.append(table.status != "resolved")
    elif status:
        wanted.append(table.status == status)
    return wanted


def listed(
    store: Ledger, status: str | None, feed: str | None, severity: str | None, owner: str | None, page: int
) -> tuple[list[dict[str, Any]], int]:
    """One page (from 0) of the incidents wanted, critical and newest first, and how many there are in all."""
    table = ledger.incident
    wanted = _wanted(status, feed, severity, owner)
    order = sa.case({"critical": 0, "warning": 1}, value=table.c.severity, else_=2)
    rows = store.rows(
        sa.select(table)
        .where(*wanted)
        .order_by(table.c.status == "resolved", order, table.c.last_seen_at.desc(), table.c.incident_id)
        .limit(PAGE)
        .offset(page * PAGE)
    )
    return rows, store.rows(sa.select(sa.func.count().label("n")).select_from(table).where(*wanted))[0]["n"]


def counted(store: Ledger) -> dict[str, int]:
    """State → incidents in it."""
    table = ledger.incident
    rows = store.rows(sa.select(table.c.status, sa.func.count().label("n")).group_by(table.c.status))
    return {row["status"]: row["n"] for row in rows}


def owners(store: Ledger) -> list[str]:
    """Everybody who owns an incident."""
    table = ledger.incident
    return [row["owner"] for row in store.rows(sa.select(table.c.owner).distinct().order_by(table.c.owner))]


def departments() -> dict[str, Titles]:
    """Owner, by the variable that names their channels → department."""
    return {contract.owner.channels: contract.owner.department for contract in contracts().values()}


def find(store: Ledger, incident_id: str) -> dict[str, Any] | None:
    """One incident."""
    table = ledger.incident
    rows = store.rows(sa.select(table).where(table.c.incident_id == incident_id))
    return rows[0] if rows else None


def timeline(store: Ledger, incident_id: str) -> list[dict[str, Any]]:
    """The incident's events, the newest first."""
    table = ledger.incident_event
    return store.rows(sa.select(table).where(table.c.incident_id == incident_id).order_by(table.c.event_id.desc()))


def act(store: Ledger, incident_id: str, what: Act, by: str, text: str) -> None:
    """Move an incident on.

    `text` is the note, the reason of an end, or for assign the name of whom it is given to. Raises CannotAct, and
    KeyError for an unknown id.
    """
    said = " ".join(text.split())[:NOTE_LENGTH]
    incident = find(store, incident_id)
    if incident is None:
        raise KeyError(incident_id)
    if what not in possible(incident["status"]) or (what in NEEDS_TEXT and not said):
        raise CannotAct(what)
    try:
        match what:
            case "acknowledge":
                threads.acknowledge(store, incident_id, by, said)
            case "assign":
                threads.assign(store, incident_id, said, by)
            case "note":
                threads.note(store, incident_id, by, said)
            case "resolve":
                threads.resolve(store, incident_id, by, said)
    except threads.NoIncident as closed:
        raise CannotAct(what) from closed
