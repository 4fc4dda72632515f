"""Who is awaited for a month, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import pytest

from clerk import file_of, rows
from county import County
from safetynet.contract import Calendar, contract
from safetynet.home import COUNTY_TIME
from safetynet.incidents import calendar
from safetynet.incidents.delivered import Delivered
from safetynet.official import month
from safetynet.official.month import NotFrozen, awaited, month_of

MARCH = date(2025, 3, 1)
COUNTY, TOWN, OTHER_TOWN, OTHER = "990121000000", "990121100000", "990121101000", "990122000000"
VILLAGE = "990121100201"
REGISTRY, HOUSING, IRREGULAR = "registry_member", "housing_safety", "education_dropout"


def file(
    feed: str = REGISTRY,
    period: str = "2025-03-01",
    scope: str | None = COUNTY,
    verdict: str = "accepted",
    as_of: str | None = None,
) -> Delivered:
    first = date.fromisoformat(period)
    until = date.fromisoformat(as_of) if as_of else month.last_day(first)
    return Delivered(feed, scope, first, until, verdict, scope)


def share(_: str, __: Collection[str], divisions: Collection[str]) -> float:
    """Of every file half lies in the town, most of the rest in its neighbour, and little in a village."""
    return sum({TOWN: 0.5, OTHER_TOWN: 0.4, VILLAGE: 0.1}.get(code, 0) for code in divisions)


BEFORE = file(period="2025-02-01")


@pytest.mark.parametrize(
    ("delivered", "told"),
    [
        pytest.param([], {}, id="nobody_delivered_ever"),
        pytest.param([BEFORE], {COUNTY: "nothing"}, id="who_delivered_before_is_awaited"),
        pytest.param([BEFORE, file()], {COUNTY: "in"}, id="its_month_is_in"),
        pytest.param([file(verdict="accepted_with_quarantine")], {COUNTY: "in"}, id="rows_put_aside_are_no_matter"),
        pytest.param([BEFORE, file(period="2025-04-01")], {COUNTY: "nothing"}, id="a_later_month_is_no_substitute"),
        pytest.param([file(period="2025-04-01")], {}, id="who_began_later_is_not_awaited"),
        pytest.param([BEFORE, file(verdict="held")], {COUNTY: "held"}, id="what_is_held_is_not_in"),
        pytest.param([file(verdict="held")], {}, id="who_never_had_a_file_used_is_not_awaited"),
        pytest.param([BEFORE, file(verdict="rejected")], {COUNTY: "rejected"}, id="what_is_rejected_is_not_in"),
        pytest.param([BEFORE, file(verdict="held"), file()], {COUNTY: "in"}, id="the_best_of_several_counts"),
        pytest.param([BEFORE, file(as_of="2025-04-05")], {COUNTY: "dated_later"}, id="its_rows_count_after_the_month"),
        pytest.param(
            [BEFORE, file(period="2025-02-01", scope=OTHER), file()],
            {COUNTY: "in", OTHER: "nothing"},
            id="each_division_is_awaited_by_itself",
        ),
        pytest.param([BEFORE, file(scope=TOWN)], {COUNTY: "in", TOWN: "in"}, id="it_may_come_with_one_in_it"),
        pytest.param([file(period="2025-02-01", scope=TOWN), file()], {COUNTY: "in", TOWN: "in"}, id="or_above_it"),
        pytest.param(
            [file(period="2025-01-01"), file(period="2025-02-01", scope=TOWN)],
            {TOWN: "nothing"},
            id="of_two_one_in_the_other_who_went_on_is_missing",
        ),
        pytest.param(
            [BEFORE, file(period="2025-02-01", scope=VILLAGE)],
            {COUNTY: "nothing"},
            id="for_one_in_it_the_whole_is_missing",
        ),
        pytest.param(
            [BEFORE, file(scope=VILLAGE)], {COUNTY: "nothing", VILLAGE: "in"}, id="a_village_is_not_its_county"
        ),
        pytest.param(
            [BEFORE, file(scope=VILLAGE), file(scope=OTHER_TOWN, verdict="held")],
            {COUNTY: "held", VILLAGE: "in"},
            id="what_is_held_of_most_of_it_holds_it_up",
        ),
        pytest.param([file(scope=None)], {None: "in"}, id="a_division_may_not_be_stated"),
        pytest.param([file(IRREGULAR, "2025-02-01")], {}, id="what_has_no_calendar_is_not_awaited"),
    ],
)
def test_who_is_awaited(delivered: list[Delivered], told: dict[str | None, str]) -> None:
    assert {each.scope: each.state for each in awaited(delivered, {}, MARCH, share)} == told


def test_a_month_for_which_nobody_is_awaited_says_so() -> None:
    (line,) = month.lacking([])
    assert "nobody is awaited" in line
    assert month.lacking(awaited([file()], {}, MARCH, share)) == []


@pytest.mark.parametrize(
    ("asked", "period"),
    [("2025-02", "2024-10-01"), ("2025-03", "2025-01-01"), ("2025-05", "2025-01-01"), ("2025-06", "2025-04-01")],
)
def test_a_quarter_belongs_to_the_months_that_end_with_or_after_it(asked: str, period: str) -> None:
    (each,) = awaited([file(HOUSING, "2024-01-01")], {}, month_of(asked), share)
    assert each.period == date.fromisoformat(period)


@pytest.mark.parametrize(("last", "term"), [("2025-03-31", "2025-02-17"), ("2025-02-28", "2024-09-01")])
def test_a_term_belongs_to_the_months_from_its_due_day(last: str, term: str) -> None:
    terms = Calendar(due_day=20, terms=("02-17", "09-01"))
    school = contract("education_enrollment").model_copy(update={"cadence": "term", "calendar": terms})
    told = calendar.told_by(school, date.fromisoformat(last))
    assert told and told[0] == date.fromisoformat(term)


def test_nobody_waits_for_a_division_that_is_no_more() -> None:
    assert awaited([BEFORE], {COUNTY: date(2025, 3, 31)}, MARCH, share) == []
    assert len(awaited([BEFORE], {COUNTY: date(2025, 12, 31)}, MARCH, share)) == 1


def test_everybodys_time_is_up_with_the_last_deadline() -> None:
    everybody = awaited([BEFORE, file(HOUSING, "2024-01-01")], {}, MARCH, share)
    assert month.deadline(everybody) == max(each.deadline for each in everybody) > min(e.deadline for e in everybody)
    assert month.deadline([]) is None


def test_who_is_missing_is_named_in_both_languages() -> None:
    (each,) = awaited([BEFORE], {}, MARCH, share)
    for text in (each.told().zh, each.told().en):
        assert all(part in text for part in (COUNTY, "2025-03", each.deadline.isoformat(), REGISTRY))
    assert month.Awaited.of_row(each.as_row()) == each


@pytest.mark.parametrize("text", ["", "2025", "2025-13", "March", "2025-03-31"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(NotFrozen):
        month_of(text)


def test_months_before_the_first_delivery_are_not_waited_for(
    county: County, unexamined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what has come is read from the ledger: files that are used, and one that cannot be read."""
    for day, name in (("2025-02-10", "20250131"), ("2025-03-10", "20250228"), ("2025-04-03", "20250331")):
        moment = datetime.fromisoformat(day).replace(hour=12, tzinfo=COUNTY_TIME)
        monkeypatch.setattr("safetynet.land.landing.now", lambda moment=moment: moment)
        content = b"broken" if name == "20250331" else file_of(REGISTRY, rows(REGISTRY, 3))
        county.put(REGISTRY, f"表_990121_{name}.xlsx", content)
        county.take_in()
    assert month.open_months(county.store, date(2025, 4, 30)) == [date(2025, 2, 1), MARCH]
    now = month.awaited_now(county.home, county.store, date(2025, 2, 1), MARCH)
    assert {first: [each.state for each in everybody] for first, everybody in now.items()} == {
        date(2025, 2, 1): ["in"],
        MARCH: ["rejected"],
    }
