"""A workbook with a password is taken in where the password is its owner's, or Excel's own, which nobody typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clerk import rows, table, xls_file, xlsx_file
from county import County
from locked import locked_xls, locked_xlsx
from safetynet.contract import contract

FEED = "registry_member"
PASSWORD = "correct horse"

LOCK: dict[str, Callable[[list[list[str]], str], bytes]] = {
    "xlsx": lambda cells, password: locked_xlsx(xlsx_file({"名册": cells}), password),
    "xls": lambda cells, password: locked_xls(xls_file(cells), password),
}


@pytest.mark.parametrize("suffix", LOCK)
@pytest.mark.parametrize("password", [PASSWORD, "VelvetSweatshop"])
def test_it_is_opened(county: County, monkeypatch: pytest.MonkeyPatch, suffix: str, password: str) -> None:
    monkeypatch.setenv(contract(FEED).owner.returned_password, PASSWORD)
    county.put(FEED, f"名册_20250630.{suffix}", LOCK[suffix](table(FEED, rows(FEED, 3)), password))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.accepted) == ("accepted", 3)
    assert not list(county.home.folder("tmp").iterdir())


@pytest.mark.parametrize("suffix", LOCK)
def test_excels_own_is_known_where_the_owner_has_none(county: County, suffix: str) -> None:
    county.put(FEED, f"名册_20250630.{suffix}", LOCK[suffix](table(FEED, rows(FEED, 3)), "VelvetSweatshop"))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.accepted) == ("accepted", 3)


@pytest.mark.parametrize("suffix", LOCK)
def test_another_is_not(county: County, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setenv(contract(FEED).owner.returned_password, PASSWORD)
    county.put(FEED, f"名册_20250630.{suffix}", LOCK[suffix](table(FEED, rows(FEED, 3)), "battery staple"))
    (outcome,) = county.take_in()
    assert outcome.verdict == "rejected" and "密码" in str(outcome.reason)
