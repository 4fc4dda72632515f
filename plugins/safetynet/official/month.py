"""Who is awaited for a month, and what has become of it: a pure function of what was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from safetynet import reference
from safetynet.contract import Contract, contracts
from safetynet.division import above
from safetynet.home import Home, county_day, masked
from safetynet.incidents import calendar, cover
from safetynet.incidents.cover import Cover, ShareWithin
from safetynet.incidents.delivered import Delivered, delivered, under_present_codes
from safetynet.messages import Sentence, say
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger
from safetynet.refusal import Fact

_DAY = timedelta(days=1)

State = Literal["in", "dated_later", "held", "rejected", "nothing"]
"""What became of an awaited delivery; the first that fits, of all that came."""
_STATES: tuple[State, ...] = ("in", "dated_later", "held", "rejected", "nothing")


def refuse_running(month: date, today: date) -> None:
    """Raise NotFrozen for a month that is not over."""
    if last_day(month) >= today:
        raise NotFrozen(f"{month:%Y-%m} is not over / 尚未结束")


@dataclass(frozen=True)
class Awaited:
    """A period of a division that belongs to a month, and what became of it."""

    feed: Contract
    scope: str | None
    period: date
    deadline: date
    state: State

    def as_row(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {
            "feed": self.feed.feed,
            "scope": self.scope,
            "period": self.period.isoformat(),
            "deadline": self.deadline.isoformat(),
            "state": self.state,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Awaited:
        """What the ledger kept."""
        period, until = date.fromisoformat(row["period"]), date.fromisoformat(row["deadline"])
        return cls(contracts()[row["feed"]], row["scope"], period, until, row["state"])

    def told(self) -> Sentence:
        """It in words: which data of which division, until when, and what became of it."""
        state = say(f"awaited_{self.state}")
        facts: dict[str, Fact] = {
            "title_zh": self.feed.title.zh,
            "title_en": self.feed.title.en,
            "scope": f" {self.scope}" if self.scope else "",
            "period": self.period.isoformat()[:7],
            "deadline": self.deadline.isoformat(),
            "feed": self.feed.feed,
            "state_zh": state.zh,
            "state_en": state.en,
        }
        return say("awaited_line", facts)


class NotFrozen(ValueError):
    """A month that is not over, that somebody is missing from, or that is frozen already; what it takes is told."""


class AlreadyFrozen(NotFrozen):
    """A month that somebody else froze in the meantime."""


def month_of(text: str) -> date:
    """The first day of a month written YYYY-MM; raises NotFrozen."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise NotFrozen(f"MONTH reads YYYY-MM, not {masked(text)!r} / 月份格式为 YYYY-MM") from None


def last_day(month: date) -> date:
    """The last day of the month that begins on `month`."""
    return (month + 31 * _DAY).replace(day=1) - _DAY


def newest_over(today: date) -> date:
    """The newest month that is over."""
    return (today.replace(day=1) - _DAY).replace(day=1)


def awaited(files: Iterable[Delivered], ended: Mapping[str, date], month: date, share: ShareWithin) -> list[Awaited]:
    """Everybody who is awaited for a month, by feed and division.

    `ended` is the last day of divisions that are no more. As in `incidents/late.py`, a division is awaited that had a
    file used before, its data may come with a file of a division above it or with those in it in which most of its
    rows lie, and where both are missing, `cover.asked` says who is; unlike there, a later month is no substitute, and
    what is held or rejected is missing.
    """
    of_feed: dict[str, list[Delivered]] = {}
    for file in files:
        of_feed.setdefault(file.feed, []).append(file)
    found = []
    for feed in sorted(of_feed.keys() & contracts().keys()):
        contract = contracts()[feed]
        told = calendar.told_by(contract, last_day(month))
        if told is None:
            continue
        period, deadline = told
        by_then = [file for file in of_feed[feed] if file.period <= period]
        used = [file for file in by_then if file.verdict in ACCEPTED]
        newest: dict[str | None, date] = {}
        for file in used:
            newest[file.scope] = max(file.period, newest.get(file.scope, file.period))
        came = [(_state(file, month), file) for file in by_then if file.period == period]
        best_first = [(state, [file for one, file in came if _better(one, state) == one]) for state in _STATES]
        sent = [
            (state, {file.scope for file in of}, Cover(contract, of, used, share)) for state, of in best_first if of
        ]
        of_all = [
            Awaited(contract, scope, period, deadline, _state_of(scope, period, sent))
            for scope in sorted(newest, key=str)
            if ended.get(scope or "", deadline) >= deadline
        ]
        named = cover.asked(
            {each.scope: newest[each.scope] for each in missing(of_all)}, Cover(contract, used, used, share)
        )
        found += [each for each in of_all if each.state == "in" or each.scope in named]
    return found


def _state_of(scope: str | None, period: date, sent: Sequence[tuple[State, set[str | None], Cover]]) -> State:
    """The best state in which it sent a period itself, one above it did, or those in it that hold most of its rows.

    `sent` is who sent a period in a state or a better one, for each state from the best.
    """
    own = {scope, *(above(scope) if scope else ())}
    return next((state for state, scopes, of in sent if own & scopes or of.holds_most(scope, period)), "nothing")


def _better(one: State, other: State) -> State:
    return min(one, other, key=_STATES.index)


def _state(file: Delivered, month: date) -> State:
    if file.verdict in ACCEPTED:
        return "in" if file.as_of <= last_day(month) else "dated_later"
    return "held" if file.verdict == "held" else "rejected"


def missing(everybody: Iterable[Awaited]) -> list[Awaited]:
    """Those of the awaited who are not in."""
    return [each for each in everybody if each.state != "in"]


def lacking(everybody: Sequence[Awaited]) -> list[str]:
    """A line for each who is missing, or one that nobody is awaited: such a month is no whole one either."""
    if not everybody:
        return [str(say("awaited_nobody"))]
    return [str(each.told()) for each in missing(everybody)]


def deadline(everybody: Iterable[Awaited]) -> date | None:
    """The day after which nobody may be late any more; None where nobody is awaited."""
    return max((each.deadline for each in everybody), default=None)


def awaited_now(home: Home, store: Ledger, *wanted: date, feed: str | None = None) -> dict[date, list[Awaited]]:
    """Month → everybody who is awaited for it (of one feed, or all), by what the ledger holds now."""
    files = delivered(store, feed) if wanted else []
    if not files:
        return {month: [] for month in wanted}
    divisions = reference.divisions(home, store)
    ended = reference.ended(divisions)
    found = {}
    for month in wanted:
        successors = reference.present_codes(divisions, last_day(month))
        share = cover.share_within(home, successors)
        found[month] = awaited(under_present_codes(files, successors), ended, month, share)
    return found


def open_months(store: Ledger, today: date) -> Sequence[date]:
    """Months that have ended and are not frozen, from the one in which the first file was received.

    What was delivered of the time before is history that nobody waits for; it can be frozen by hand.
    """
    table = ledger.official_month
    frozen = {row["month"] for row in store.rows(sa.select(table.c.month).where(table.c.frozen_at.is_not(None)))}
    (first,) = store.rows(sa.select(sa.func.min(ledger.batch.c.received_at).label("at")))
    found = []
    month = county_day(first["at"]).replace(day=1) if first["at"] else today
    while last_day(month) < today:
        if month not in frozen:
            found.append(month)
        month = last_day(month) + _DAY
    return found
