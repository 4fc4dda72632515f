"""Zip archives: every member a delivery, and nothing that an archive may do harms."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

import pytest

from clerk import file_of, rows
from county import County
from safetynet.publish import ledger

FEED = "health_chronic_disease"


def archive(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return stream.getvalue()


def landings(county: County) -> list[tuple[str, str | None]]:
    """Name and refusal of everything that landed."""
    county.land()
    return [
        (row["source_file"], row["refusal"] and row["refusal"]["code"])
        for row in sorted(county.ledger(ledger.landing), key=lambda row: row["received_at"])
    ]


def test_every_member_is_a_delivery(county: County) -> None:
    inside = {
        "伟溪镇/慢病_990121_20250630.csv": file_of(FEED, rows(FEED, 2)),
        "芳溪镇.csv": file_of(FEED, rows(FEED, 1)),
        "__MACOSX/._芳溪镇.csv": b"x",
        ".DS_Store": b"x",
    }
    county.put(FEED, "慢病_20250531.zip", archive(inside))
    assert landings(county) == [
        ("慢病_20250531.zip/慢病_990121_20250630.csv", None),
        ("慢病_20250531.zip/芳溪镇.csv", None),
    ]
    dates = [row["as_of_in_name"].isoformat() for row in county.ledger(ledger.landing)]
    assert sorted(dates) == ["2025-05-31", "2025-06-30"]


def test_members_named_in_gbk(county: County) -> None:
    packed = archive({"1234.csv": file_of(FEED, rows(FEED, 1))})
    county.put(FEED, "a.zip", packed.replace(b"1234.csv", "名单".encode("gbk") + b".csv"))
    assert landings(county) == [("a.zip/名单.csv", None)]


@pytest.mark.parametrize("name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "..\\a.csv", "\\a.csv", "C:\\a.csv"])
def test_names_that_leave_the_archive(county: County, name: str) -> None:
    county.put(FEED, "a.zip", archive({"good.csv": b"x", name: b"x"}))
    assert landings(county) == [("a.zip", "unsafe_archive")]


def test_archives_in_archives(county: County) -> None:
    county.put(FEED, "a.zip", archive({"b.ZIP": archive({"c.csv": b"x"})}))
    assert landings(county) == [("a.zip", "nested_archive")]


def test_an_archive_under_another_name_is_read_all_the_same(county: County) -> None:
    county.put(FEED, "a.csv", archive({"b.csv": b"x"}))
    assert landings(county) == [("a.csv/b.csv", None)]


def test_an_empty_archive(county: County) -> None:
    county.put(FEED, "a.zip", archive({}))
    assert landings(county) == [("a.zip", "empty_file")]


def test_bombs(county: County) -> None:
    county.put(FEED, "deep.zip", archive({"a.csv": bytes(80 << 20)}))
    county.put(FEED, "wide.zip", archive({f"{number}.csv": b"x" for number in range(1001)}, zipfile.ZIP_STORED))
    assert landings(county) == [("deep.zip", "zip_bomb"), ("wide.zip", "zip_bomb")]


def test_an_archive_that_lies_about_its_size(county: County) -> None:
    packed = archive({"a.csv": bytes(1 << 20)})
    size = struct.pack("<I", 1 << 20)
    assert packed.count(size) == 2
    county.put(FEED, "a.zip", packed.replace(size, struct.pack("<I", 10)))
    assert landings(county) == [("a.zip", "unreadable_archive")]


def test_a_password(county: County) -> None:
    packed = bytearray(archive({"a.csv": b"x"}))
    packed[6] |= 1
    packed[packed.index(b"PK\1\2") + 8] |= 1
    county.put(FEED, "a.zip", bytes(packed))
    assert landings(county) == [("a.zip", "archive_password")]


@pytest.mark.parametrize("damage", ["truncated", "content", "deflate", "directory", "name", "method"])
def test_damage_is_a_refusal_and_disturbs_nothing(county: County, damage: str) -> None:
    content = file_of(FEED, rows(FEED, 50))
    packed = bytearray(archive({"a.csv": content}, zipfile.ZIP_STORED if damage == "content" else zipfile.ZIP_DEFLATED))
    directory = packed.index(b"PK\1\2")
    if damage == "truncated":
        packed = packed[: len(packed) // 2]
    elif damage in ("content", "deflate"):
        packed[60:80] = bytes(b ^ 0xFF for b in packed[60:80])
    elif damage == "directory":
        packed[directory : directory + 4] = b"XXXX"
    elif damage == "name":
        packed[directory + 9] |= 8
        packed[directory + 46] = 0xFF
    else:
        packed[directory + 10] = 99
        packed[8] = 99
    county.put(FEED, "a.zip", bytes(packed))
    county.put(FEED, "b.csv", content)
    assert landings(county) == [("a.zip", "unreadable_archive"), ("b.csv", None)]


def test_the_same_member_twice_lands_once_per_name(county: County) -> None:
    content = file_of(FEED, rows(FEED, 1))
    county.put(FEED, "a.zip", archive({"b.csv": content, "c/b.csv": content}))
    assert landings(county) == [("a.zip/b.csv", None), ("a.zip/b.csv", None)]
