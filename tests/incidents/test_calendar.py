"""What should be there on a day follows from the contract's calendar and the working days of China alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import pytest

from safetynet.contract import Calendar, Contract, contract, contracts
from safetynet.home import COUNTY_TIME
from safetynet.incidents.calendar import is_working_day, missing, period_received
from safetynet.incidents.cover import ShareWithin
from safetynet.incidents.delivered import Delivered
from safetynet.incidents.late import late

MONTHLY, QUARTERLY = "registry_member", "housing_safety"


def feed(name: str = MONTHLY, cadence: str | None = None, **calendar: object) -> Contract:
    own = contract(name)
    return own.model_copy(update={"cadence": cadence or own.cadence, "calendar": Calendar(**calendar)})


def file(name: str, scope: str | None, period: date, verdict: str = "accepted") -> Delivered:
    return Delivered(name, scope, period, period, verdict, scope)


def lying(villages: dict[str, float]) -> ShareWithin:
    """Of every file so much lies in each village."""

    def share(_: str, __: Collection[str], divisions: Collection[str]) -> float:
        prefixes = tuple(code.rstrip("0") for code in divisions)
        return sum(part for village, part in villages.items() if village.startswith(prefixes))

    return share


HALVES = lying({"990121100201": 0.1, "990121100202": 0.4, "990121101201": 0.3, "990121102201": 0.2})


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-07-02", True),
        ("2025-07-05", False),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2031-10-01", True),
    ],
)
def test_working_days(day: str, works: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("of", "received", "today", "wanted"),
    [
        # June is due on Thursday 10 July; three working days of grace end on Tuesday 15 July.
        (feed(due_day=10, grace_days=3), "2025-05-01", "2025-07-15", None),
        (feed(due_day=10, grace_days=3), "2025-05-01", "2025-07-16", ("2025-06-01", "2025-07-15")),
        (feed(due_day=10, grace_days=3), "2025-06-01", "2025-07-16", None),
        (feed(due_day=10, grace_days=3), "2025-06-01", "2025-08-05", None),
        # September is due on 1 October, in the week of holidays: the 9th is the first working day.
        (feed(due_day=1, grace_days=0), "2025-08-01", "2025-10-09", None),
        (feed(due_day=1, grace_days=0), "2025-08-01", "2025-10-10", ("2025-09-01", "2025-10-09")),
        # 11 October is a Saturday on which offices work.
        (feed(due_day=10, grace_days=1), "2025-08-01", "2025-10-11", None),
        (feed(due_day=10, grace_days=1), "2025-08-01", "2025-10-12", ("2025-09-01", "2025-10-11")),
        # several months are missing: the newest that is due
        (feed(due_day=10, grace_days=3), "2025-01-01", "2025-07-16", ("2025-06-01", "2025-07-15")),
        (feed(QUARTERLY, due_day=15, grace_days=0), "2025-01-01", "2025-07-15", None),
        (feed(QUARTERLY, due_day=15, grace_days=0), "2025-01-01", "2025-07-16", ("2025-04-01", "2025-07-15")),
        (
            feed(cadence="term", due_day=20, grace_days=0, terms=("03-01", "09-01")),
            "2025-03-01",
            "2025-09-23",
            ("2025-09-01", "2025-09-22"),
        ),
        (
            feed(cadence="term", due_day=20, grace_days=0, terms=("03-01", "09-01")),
            "2025-03-01",
            "2025-09-22",
            None,
        ),
        (contract("education_dropout"), "2020-01-01", "2025-07-16", None),
    ],
)
def test_what_is_missing(of: Contract, received: str, today: str, wanted: tuple[str, str] | None) -> None:
    found = missing(of, date.fromisoformat(received), date.fromisoformat(today))
    assert found == (wanted and tuple(map(date.fromisoformat, wanted)))


@pytest.mark.parametrize(
    ("stated", "arrived", "period"),
    [
        ("2025-06-30", "2025-07-20", "2025-06-01"),
        ("2025-06-15", "2025-06-16", "2025-06-01"),
        (None, "2025-07-03", "2025-06-01"),
        (None, "2025-07-15", "2025-06-01"),
        (None, "2025-07-31", "2025-07-01"),
    ],
)
def test_the_period_of_a_file(stated: str | None, arrived: str, period: str) -> None:
    moment = datetime.fromisoformat(arrived).replace(hour=12, tzinfo=COUNTY_TIME)
    found = period_received(feed(due_day=10, grace_days=3), stated and date.fromisoformat(stated), moment)
    assert found == date.fromisoformat(period)


def test_only_scopes_that_delivered_before_are_waited_for() -> None:
    files = [
        file(MONTHLY, "990121000000", date(2025, 5, 1)),
        file(MONTHLY, "990121000000", date(2025, 6, 1), "held"),
        file(MONTHLY, "990122000000", date(2025, 5, 1)),
        file(MONTHLY, "990123000000", date(2025, 5, 1), "rejected"),
        file("education_dropout", None, date(2020, 1, 1)),
    ]
    (found,) = late(files, {}, date(2025, 7, 20), HALVES)
    assert (found.feed.feed, found.scope, found.period) == (MONTHLY, "990122000000", date(2025, 6, 1))


@pytest.mark.parametrize(
    ("others", "ended", "waited_for"),
    [
        ({}, {}, ["990121000000"]),
        ({"990121100000": 6}, {}, []),
        ({"990100000000": 6}, {}, []),
        ({"990122000000": 6}, {}, ["990121000000"]),
        ({"990181000000": 6}, {"990121000000": date(2025, 5, 31)}, []),
    ],
    ids=["alone", "one in it came", "one above it came", "another came", "it is no more"],
)
def test_what_comes_with_a_division_in_it_or_above_it_or_never_again_is_not_late(
    others: dict[str, int], ended: dict[str, date], waited_for: list[str]
) -> None:
    files = [file(MONTHLY, "990121000000", date(2025, 5, 1))]
    files += [file(MONTHLY, scope, date(2025, month, 1)) for scope, month in others.items()]
    assert [each.scope for each in late(files, ended, date(2025, 7, 20), lying({"990121100201": 1}))] == waited_for


VILLAGE, TOWN, OTHER_TOWN, WHOLE = "990121100201", "990121100000", "990121101000", "990121000000"


@pytest.mark.parametrize(
    ("sent", "waited_for"),
    [
        pytest.param({VILLAGE: 6}, [WHOLE], id="a_village_stands_for_no_county"),
        pytest.param({VILLAGE: 5}, [WHOLE], id="nor_is_it_asked_beside_it"),
        pytest.param({TOWN: 6}, [], id="most_of_its_rows_do"),
        pytest.param({OTHER_TOWN: 6, VILLAGE: 6}, [WHOLE], id="less_than_that_does_not"),
        pytest.param({TOWN: 5, OTHER_TOWN: 4}, [WHOLE], id="all_are_asked_through_it"),
        pytest.param({TOWN: 6, OTHER_TOWN: 4}, [OTHER_TOWN], id="who_did_not_go_on_is_asked_alone"),
    ],
)
def test_a_county_is_waited_for_until_files_came_of_where_most_of_its_rows_lie(
    sent: dict[str, int], waited_for: list[str]
) -> None:
    files = [file(MONTHLY, WHOLE, date(2025, 5, 1))]
    files += [file(MONTHLY, scope, date(2025, month, 1)) for scope, month in sent.items()]
    assert [each.scope for each in late(files, {}, date(2025, 7, 20), HALVES)] == waited_for


def test_every_feed_with_a_rhythm_says_when_it_is_due() -> None:
    for name, each in contracts().items():
        assert (each.calendar is None) == (each.cadence == "irregular"), name
