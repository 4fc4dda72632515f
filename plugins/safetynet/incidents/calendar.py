"""When data is due: periods, working days of China, and which period should be there on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import yaml

from safetynet.contract import Calendar, Contract
from safetynet.home import county_day

_HOLIDAYS = Path(__file__).with_name("holidays.yml")
_DAY = timedelta(days=1)
_MONTHS = {"monthly": 1, "quarterly": 3}


@cache
def _exceptions() -> dict[date, bool]:
    """Day → whether people work on it, for every day that the State Council's notices except from the week."""
    years: dict[int, dict[str, list[str]]] = yaml.safe_load(_HOLIDAYS.read_text(encoding="utf-8"))
    told: dict[date, bool] = {}
    for notice in years.values():
        for span in notice["closed"]:
            first, last = (date.fromisoformat(day) for day in span.split(".."))
            told |= {first + _DAY * number: False for number in range((last - first).days + 1)}
        told |= {date.fromisoformat(day): True for day in notice["working"]}
    return told


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; of a year whose notice is not in holidays.yml, Monday to Friday."""
    return _exceptions().get(day, day.weekday() < 5)


def _deadline(due: date, grace_days: int) -> date:
    """The last day on which a delivery is in time: the due day or the next working day, and the days of grace."""
    day = due
    while not is_working_day(day):
        day += _DAY
    for _ in range(grace_days):
        day += _DAY
        while not is_working_day(day):
            day += _DAY
    return day


def _month(day: date, months: int = 0) -> date:
    """The first of the month so many months after that of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _term_starts(calendar: Calendar, day: date) -> list[date]:
    """Days on which terms begin, from the year before `day` up to it."""
    starts = [date.fromisoformat(f"{year}-{term}") for year in (day.year - 1, day.year) for term in calendar.terms]
    return [start for start in sorted(starts) if start <= day]


def period_of(contract: Contract, day: date) -> date:
    """The first day of the period in which a day lies: month, quarter or school term."""
    if contract.calendar and contract.calendar.terms:
        return _term_starts(contract.calendar, day)[-1]
    months = _MONTHS.get(contract.cadence, 1)
    return _month(day, -((day.month - 1) % months))


def _due(contract: Contract, calendar: Calendar, period: date) -> date:
    """The day on which a period's data is due: after a month or quarter has ended, after a term has begun."""
    if calendar.terms:
        return period + _DAY * (calendar.due_day - 1)
    return _month(period, _MONTHS[contract.cadence]).replace(day=calendar.due_day)


def _periods_back(contract: Contract, day: date) -> Iterator[date]:
    """Periods from the one of a day backwards."""
    while True:
        period = period_of(contract, day)
        yield period
        day = period - _DAY


def expected(contract: Contract, today: date) -> tuple[date, date] | None:
    """The newest period whose data should be there before `today`, and its deadline; None for a feed without one."""
    calendar = contract.calendar
    if calendar is None:
        return None
    for period in _periods_back(contract, today):
        deadline = _deadline(_due(contract, calendar, period), calendar.grace_days)
        if deadline < today:
            return period, deadline
    return None


def told_by(contract: Contract, last: date) -> tuple[date, date] | None:
    """The period that tells of a month whose last day is `last`, and its deadline; None for a feed without a calendar.

    It is the newest that has ended by then; of school terms the newest whose data is due by then.
    """
    calendar = contract.calendar
    if calendar is None:
        return None
    for period in _periods_back(contract, last):
        due = _due(contract, calendar, period)
        whole = due if calendar.terms else _month(period, _MONTHS[contract.cadence]) - _DAY
        if whole <= last:
            return period, _deadline(due, calendar.grace_days)
    return None


def next_deadline(contract: Contract, newest: date) -> date | None:
    """The last day on which the period after that of `newest` is in time; None for a feed without a calendar."""
    if contract.calendar is None:
        return None
    newest_period = following = period_of(contract, newest)
    while following == newest_period:
        newest += _DAY
        following = period_of(contract, newest)
    return _deadline(_due(contract, contract.calendar, following), contract.calendar.grace_days)


def period_received(contract: Contract, stated_on: date | None, received_at: datetime) -> date | None:
    """The period of which a file is; None for a feed without a calendar.

    A file that states no date is of the period that was due when it arrived; after its deadline, of the next.
    """
    if contract.calendar is None:
        return None
    if stated_on is not None:
        return period_of(contract, stated_on)
    today = county_day(received_at)
    current, before = islice(_periods_back(contract, today), 2)
    if contract.calendar.terms:
        return current
    deadline = _deadline(_due(contract, contract.calendar, before), contract.calendar.grace_days)
    return before if today <= deadline else current


def missing(contract: Contract, newest_received: date, today: date) -> tuple[date, date] | None:
    """The period that should be there and is not, with its deadline; None while everything is in time.

    `newest_received` is the newest period of which anything came.
    """
    due = expected(contract, today)
    return due if due and newest_received < due[0] else None
