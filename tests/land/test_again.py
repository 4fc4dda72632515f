"""One path, one content after another."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import date

import pytest

from clerk import file_of, rows
from county import County
from safetynet.land.landing import waiting
from safetynet.publish import history, ledger
from safetynet.tasks import feeds_with_new_files, releases_to_build

FEED = "registry_member"

pytestmark = pytest.mark.usefixtures("unexamined")


def verdicts(county: County) -> list[str]:
    return [outcome.verdict for outcome in county.take_in()]


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_a_content_that_comes_back_to_its_path_is_a_duplicate(county: County) -> None:
    first, second = (file_of(FEED, rows(FEED, count)) for count in (1, 2))
    told = []
    for content in (first, second, first, second):
        county.put(FEED, "a_20250630.xlsx", content)
        told += verdicts(county)
    assert told == ["accepted", "accepted", "duplicate", "duplicate"]
    assert len(county.ledger(ledger.delivery)) == 4
    assert len(county.ledger(ledger.batch)) == 2
    assert waiting(county.home, county.store) == []


def test_a_content_that_comes_back_with_its_old_time_is_new_to_the_inbox(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, folder in (("HOME", county.home.root), ("INBOX", county.home.inbox)):
        monkeypatch.setenv(f"SAFETYNET_{name}", str(folder))
    told, marks = [], []
    first, second = (file_of(FEED, rows(FEED, count)) for count in (1, 2))
    for content, time in ((first, 1_700_000_000), (second, 1_700_000_009), (first, 1_700_000_000)):
        os.utime(county.put(FEED, "a_20250630.xlsx", content), (time, time))
        marks.append(feeds_with_new_files()[FEED])
        told += verdicts(county)
    assert told == ["accepted", "accepted", "duplicate"]
    assert len(set(marks)) == 3, "the inbox DAG triggers a feed once for each mark"


def test_what_people_decide_starts_a_run_once(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, folder in (("HOME", county.home.root), ("INBOX", county.home.inbox)):
        monkeypatch.setenv(f"SAFETYNET_{name}", str(folder))
    county.deliver(FEED, rows(FEED, 2), "a_20991231.xlsx")
    (held,) = county.take_in()
    assert held.verdict == "held" and held.batch_id
    assert (feeds_with_new_files(), releases_to_build()) == ({}, None)

    marks = []
    for _ in range(2):
        history.retake(county.store, held.batch_id, "officer")
        marks += [feeds_with_new_files()[FEED], feeds_with_new_files()[FEED]]
        assert [outcome.batch_id for outcome in county.take_in()] == [held.batch_id]
        assert feeds_with_new_files() == {}
    assert marks[0] == marks[1] != marks[2] == marks[3]

    history.release(county.store, held.batch_id, "it is true", "officer")
    (release,) = county.ledger(ledger.release)
    assert releases_to_build() is not None
    built = {"build_id": "current", "as_of": date(2025, 6, 30), "inputs": "", "published_at": release["released_at"]}
    with county.store.transaction() as connection:
        county.store.put(connection, ledger.build, [built | {"known_at": release["released_at"]}])
    assert releases_to_build() is None


def test_a_file_whose_time_alone_changes_is_no_delivery(county: County) -> None:
    path = county.put(FEED, "a_20250630.zip", zipped(a=file_of(FEED, rows(FEED, 1)), b=file_of(FEED, rows(FEED, 2))))
    assert verdicts(county) == ["accepted", "accepted"]
    os.utime(path, (1_760_000_000, 1_760_000_000))
    assert verdicts(county) == []
    assert waiting(county.home, county.store) == []


def test_an_unchanged_member_of_a_changed_archive_is_a_duplicate(county: County) -> None:
    unchanged = file_of(FEED, rows(FEED, 1))
    county.put(FEED, "a_20250630.zip", zipped(a=unchanged, b=file_of(FEED, rows(FEED, 2))))
    assert verdicts(county) == ["accepted", "accepted"]
    county.put(FEED, "a_20250630.zip", zipped(a=unchanged, b=file_of(FEED, rows(FEED, 3))))
    assert sorted(verdicts(county)) == ["accepted", "duplicate"]
