"""What lies in the inbox and counts as delivered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from clerk import file_of, rows
from county import County
from safetynet.home import CHECKOUT
from safetynet.land import inbox, landing
from safetynet.land.landing import land, waiting
from safetynet.publish import ledger

FEED = "registry_member"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SETTLED_AFTER", 0.5)
    monkeypatch.setattr(inbox, "_LONGEST_WAIT", 0.0)


@pytest.mark.parametrize(
    "name", [".hidden.xlsx", "~$名单.xlsx", "名单.xlsx.tmp", "a.PART", "a.crdownload", "a.xlsx.swp"]
)
def test_unfinished_and_hidden_files_are_not_delivered_yet(county: County, name: str) -> None:
    county.put(FEED, name, b"x")
    assert county.land() == []


def test_files_in_folders_below_the_feed_are_delivered(county: County) -> None:
    county.put(FEED, "2025/06/伟溪镇/名单.xlsx", file_of(FEED, rows(FEED, 1)))
    assert len(county.land()) == 1


def test_what_is_no_file_is_passed_over(county: County) -> None:
    good = county.put(FEED, "a.xlsx", file_of(FEED, rows(FEED, 1)))
    os.mkfifo(good.with_name("b.xlsx"))
    good.with_name("c.xlsx").symlink_to("/nonexistent")
    good.with_name("d.xlsx").mkdir()
    assert len(county.land()) == 1


def test_unknown_folders_are_named(county: County) -> None:
    county.put("registry", "a.xlsx", b"x")
    county.put(FEED, "a.xlsx", b"x")
    (county.home.inbox / "empty").mkdir()
    assert inbox.unknown_folders(county.home.inbox) == ["registry"]
    assert len(waiting(county.home, county.store)) == 1


def test_no_inbox_at_all(county: County) -> None:
    assert county.land() == []
    assert inbox.unknown_folders(county.home.inbox) == []


def test_a_file_just_written_waits_until_it_rests(county: County) -> None:
    path = county.put(FEED, "a.xlsx", file_of(FEED, rows(FEED, 1)))
    os.utime(path)
    assert county.land() == []
    time.sleep(0.6)
    assert len(county.land()) == 1


def test_a_file_that_somebody_holds_open_for_writing_waits(county: County) -> None:
    content = file_of(FEED, rows(FEED, 1))
    path = county.put(FEED, "a.xlsx", content[:100])
    with path.open("ab") as stream:
        os.utime(path, (1_750_000_000, 1_750_000_000))
        assert county.land() == []
        stream.write(content[100:])
    os.utime(path, (1_750_000_000, 1_750_000_000))
    assert len(county.land()) == 1
    assert county.landed(path)


def test_a_file_that_changes_while_it_is_copied_is_left_for_the_next_time(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file_of(FEED, rows(FEED, 1))
    path = county.put(FEED, "a.xlsx", content[:50])
    copied = landing.land_bytes

    def written_meanwhile(*given: Any, **named: Any) -> str:
        sha256 = copied(*given, **named)
        path.write_bytes(content)
        return sha256

    with monkeypatch.context() as patch:
        patch.setattr(landing, "land_bytes", written_meanwhile)
        assert land(county.home, county.store, FEED) == []
    os.utime(path, (1_750_000_000, 1_750_000_000))
    assert len(county.land()) == 1


def test_a_file_that_grows_all_the_time_disturbs_no_other(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = county.put(FEED, "growing.xlsx", b"x")
    county.put(FEED, "whole.xlsx", file_of(FEED, rows(FEED, 1)))
    stopped = threading.Event()

    def grow() -> None:
        while not stopped.wait(0.05):
            with growing.open("ab") as stream:
                stream.write(b"x")

    os.utime(growing)
    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert len(county.land()) == 1
    finally:
        stopped.set()
        writer.join()
    assert [row["source_file"] for row in county.ledger(ledger.landing)] == ["whole.xlsx"]


def test_a_file_that_vanishes_disturbs_no_other(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = county.put(FEED, "a.xlsx", file_of(FEED, rows(FEED, 1)))
    county.put(FEED, "b.xlsx", file_of(FEED, rows(FEED, 2)))
    settled = inbox.settled

    def then_gone(files: list[inbox.InboxFile]) -> object:
        found = settled(files)
        gone.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(inbox, "settled", then_gone)
    assert len(county.land()) == 1


LAND = """
import sys
from safetynet.home import Home
from safetynet.land.landing import land, unreadable
from safetynet.publish.ledger import Ledger
home = Home.from_environment()
print(len(land(home, Ledger(home), sys.argv[1])), *unreadable(home, Ledger(home), sys.argv[1]))
"""


def test_a_file_that_may_not_be_read_is_named_and_disturbs_no_other(county: County) -> None:
    county.put(FEED, "名单 990121198001010036.xlsx", file_of(FEED, rows(FEED, 1))).chmod(0)
    county.put(FEED, "b.xlsx", file_of(FEED, rows(FEED, 2)))
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    settings = {"SAFETYNET_HOME": str(county.home.root), "SAFETYNET_INBOX": str(county.home.inbox)}
    told = subprocess.run(
        [*mortal, sys.executable, "-c", LAND, FEED],
        env=os.environ | settings | {"PYTHONPATH": str(CHECKOUT / "plugins")},
        capture_output=True,
        text=True,
    )
    assert told.stdout == f"1 名单 {'*' * 18}.xlsx\n", told.stderr
    assert [row["source_file"] for row in county.ledger(ledger.landing)] == ["b.xlsx"]


def test_nothing_lands_twice(county: County) -> None:
    path = county.put(FEED, "a.xlsx", file_of(FEED, rows(FEED, 1)))
    first = county.land()
    assert county.land() == first
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert county.land() == first
    assert len(county.ledger(ledger.landing)) == 1
    assert waiting(county.home, county.store) == []


def test_the_oldest_file_comes_first(county: County) -> None:
    for name in ("z", "m", "a"):
        county.put(FEED, f"{name}.xlsx", name.encode())
    names = {row["landing_id"]: row["source_file"] for row in county.ledger(ledger.landing)}
    landed = county.land()
    names = {row["landing_id"]: row["source_file"] for row in county.ledger(ledger.landing)}
    assert [names[each] for each in landed] == ["z.xlsx", "m.xlsx", "a.xlsx"]


def test_names_of_any_kind_land(county: County) -> None:
    content = file_of(FEED, rows(FEED, 1))
    names: list[str | bytes] = [
        "=cmd|'/C calc'!A0.xlsx",
        "'; DROP TABLE batch; --.xlsx",
        "$(touch x) `id` & | > < * ? {0} %s.xlsx",
        "line\nbreak\x1b[31m\r.xlsx",
        "a..∕..∕b.xlsx",
        b"\xff\xfe\xb5\xcd.xlsx",
        "长" * 80 + ".xlsx",
        "-rf .xlsx",
        "名单 .XLSX",
    ]
    for number, name in enumerate(names):
        county.put(FEED, name, content + bytes([number]))
    assert len(county.land()) == len(names)
    for row in county.ledger(ledger.landing):
        assert row["source_file"].isprintable()
        assert len(row["source_file"]) <= 512
