"""The files: the same for the same seed, in their real formats, and as the truth says."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import safetynet
from safetynet.demo import cells as ways
from safetynet.demo import generate
from safetynet.demo.drop import AS_OF
from safetynet.demo.id_number import check_character, is_valid

if TYPE_CHECKING:
    from conftest import Drop, Write

FEEDS = {
    *("registry_member", "education_enrollment", "education_dropout", "health_major_illness"),
    *("health_chronic_disease", "health_settlement", "housing_safety", "water_project", "water_household"),
    "civil_assistance",
}
ID_HEADERS = ("证件号码", "身份证件号", "身份证号", "参保人身份证号", "户主身份证号")
NAME_HEADERS = ("姓名", "学生姓名", "参保人姓名", "户主姓名")


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path, write: Write) -> None:
    one, two, three = (write(tmp_path / name, 200, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8)))
    assert digest(one.inbox.parent) == digest(two.inbox.parent)
    ours, theirs = digest(one.inbox), digest(three.inbox)
    assert ours.keys() == theirs.keys()
    assert not set(ours.values()) & set(theirs.values())


@pytest.mark.parametrize("households", [1, 12, 60])
def test_a_small_county_has_all_feeds(tmp_path: Path, write: Write, households: int) -> None:
    drop = write(tmp_path, households)
    assert {path.parent.name for path in drop.files()} == FEEDS


def test_command_line(tmp_path: Path) -> None:
    options = [
        "--inbox",
        "i",
        "--reference",
        "r",
        "--truth",
        "t",
        "--households",
        "30",
        "--seed",
        "3",
        "--mess",
        "0.1",
    ]
    package_folder = str(Path(safetynet.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-m", "safetynet.demo", *options],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": package_folder},
    )
    generate(tmp_path / "j", tmp_path / "s", None, households=30, seed=3, mess=0.1)
    assert digest(tmp_path / "i") == digest(tmp_path / "j")
    assert digest(tmp_path / "r") == digest(tmp_path / "s")


def test_another_day_has_another_term(tmp_path: Path) -> None:
    generate(tmp_path / "i", tmp_path / "r", tmp_path / "t", households=60, as_of=date(2024, 12, 31))
    path = tmp_path / "i/education_enrollment/education_enrollment_990121_20241231.csv"
    pupils = pl.read_csv(io.StringIO(path.read_bytes().decode("gb18030")), infer_schema=False)
    assert set(pupils["学年学期"]) == {"2024-2025-1"}


def test_all_feeds_in_their_formats(drop: Drop) -> None:
    assert {path.parent.name for path in drop.files()} == FEEDS
    names = {path.name for path in drop.files()}
    assert f"松岭县防返贫监测家庭成员信息_{AS_OF:%Y%m%d}.xlsx" in names
    assert f"civil_assistance_990121_{AS_OF:%Y%m%d}.csv" in names
    heads = {path.parent.name: drop.header_row(drop.cells(path)) for path in drop.files()}
    assert heads == dict.fromkeys(FEEDS, 0) | {
        "registry_member": 2,
        "education_dropout": 1,
        "health_major_illness": 2,
        "housing_safety": 2,
    }
    for path in drop.files():
        head = path.read_bytes()[:3]
        assert (head == b"\xef\xbb\xbf") == (path.parent.name == "health_settlement")


def test_housing_has_a_band_of_groups_a_header_twice_and_a_total(drop: Drop) -> None:
    rows = drop.cells(drop.file("housing_safety"))
    assert [cell for cell in rows[1] if cell] == ["基本信息", "安全鉴定", "改造情况"]
    assert rows.count(rows[2]) == 2
    assert rows[-3][0] == "合计"
    assert str(rows[-1][0]).startswith("填表人")


def test_workbooks_hold_real_dates_numbers_and_formulas(messy: Drop) -> None:
    rows = messy.cells(messy.file("registry_member"))
    head = rows[2]
    income, identified = head.index("人均纯收入(元)"), head.index("识别监测时间")
    assert {type(row[income]) for row in rows[3:-2]} == {str, float}
    assert date in {type(row[identified]) for row in rows[3:-2]}
    damages = set(messy.truth("record").explode("damages")["damages"].drop_nulls())
    assert "per_capita_net_income:formula" in damages


def test_a_large_county_delivers_its_workbooks_by_town(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    monkeypatch.setattr("safetynet.demo.drop._ROWS_OF_ONE_WORKBOOK", 1000)
    drop = write(tmp_path, 600)
    record = drop.truth("record").filter(pl.col("feed") == "registry_member")
    files = [path for path in drop.files() if path.parent.name == "registry_member"]
    assert len(files) > 1
    assert {path.name for path in files} == set(record["file_name"])
    for path in files:
        towns = [str(row[0]).strip()[:9] for row in drop.cells(path)[3:-2]]
        assert towns.count(towns[0]) > 0.95 * len(towns)
    people = drop.truth("person").filter("is_registered")
    assert set(record["person_id"]) == set(people["person_id"])


def test_every_row_is_accounted_for(drop: Drop) -> None:
    record = drop.truth("record")
    for path in drop.files():
        rows = drop.cells(path)
        mine = record.filter(pl.col("file_name") == path.name)
        head = rows[drop.header_row(rows)]
        data = [
            at + 1
            for at, row in enumerate(rows)
            if at > drop.header_row(rows)
            and any(row)
            and row != head
            and not str(row[0]).startswith(("合计", "填表人"))
        ]
        assert mine["row_number"].to_list() == data
    assert set(record["disposition"].unique()) == {"accepted", "quarantined", "duplicate"}
    assert record.filter((pl.col("disposition") == "quarantined") == pl.col("reason_columns").is_null()).is_empty()


@pytest.mark.parametrize("kind", ["drop", "messy"])
def test_truth_points_at_the_right_row(kind: str, request: pytest.FixtureRequest) -> None:
    drop: Drop = request.getfixturevalue(kind)
    persons = drop.truth("person").select("person_id", "person_name", "id_number")
    record = drop.truth("record").join(persons, on="person_id", how="left", maintain_order="left")
    checked = 0
    for path in drop.files():
        rows = drop.cells(path)
        head = rows[drop.header_row(rows)]
        if path.parent.name == "water_project":
            continue
        name_at = next(at for at, header in enumerate(head) if header in NAME_HEADERS)
        id_at = next(at for at, header in enumerate(head) if header in ID_HEADERS)
        for row in record.filter(pl.col("file_name") == path.name).iter_rows(named=True):
            delivered = rows[row["row_number"] - 1]
            damages = " ".join(row["damages"] or [])
            name = re.sub(r"[\s\u3000]", "", str(delivered[name_at]))
            name = re.sub(r"[・.•‧]", "·", name)
            if "name_slip" in damages:
                assert sum(a != b for a, b in zip(name, row["person_name"], strict=True)) == 1
            else:
                assert name in ("", row["person_name"])
            number = re.sub(r"[\s\u3000\u00a0\u200b\ufeff'-]", "", str(delivered[id_at]).translate(FULL_WIDTH)).upper()
            number = number[1:] if len(number) == 19 and number[0] == "G" else number
            number = number[:18] if len(number) in (20, 22) else number
            if len(number) == 15:
                number = f"{number[:6]}19{number[6:]}"
                number += check_character(number)
            is_whole = is_valid(number) and number[10:12] <= "12" and number[10:14] not in ("0230", "0431")
            assert row["is_id_whole"] == is_whole
            if row["is_id_own"]:
                assert number == row["id_number"]
            checked += 1
    assert checked > 10_000


FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")


def test_a_duplicate_is_equal_in_every_cell_to_a_row_above(drop: Drop) -> None:
    record = drop.truth("record")
    for path in drop.files():
        rows = drop.cells(path)
        twice = record.filter((pl.col("file_name") == path.name) & (pl.col("disposition") == "duplicate"))
        for number in twice["row_number"]:
            assert rows[number - 1] in rows[: number - 1]


def test_every_way_of_going_wrong_occurs(messy: Drop) -> None:
    seen = {one.split(":")[1] for one in messy.truth("record").explode("damages")["damages"].drop_nulls()}
    tables = [*ways.WAYS.values(), ways.GRADE_WAYS, ways.INSURED_WAYS]
    expected = {way.name for table in tables for way in table}
    expected |= {"name_slip", "duplicate", "contradiction", "other_spelling", "parents_number"}
    expected |= {"sex_disagrees", "birth_date_disagrees", "head_count_disagrees", "amounts_disagree"}
    expected |= {"two_heads", "no_head", "in_two_households"}
    assert expected <= seen


def test_usual_mess_quarantines_little(drop: Drop) -> None:
    held_back = pl.col("disposition") == "quarantined"
    share = drop.truth("record").group_by("file_name").agg(rate=held_back.mean(), rows=held_back.sum())
    assert share.filter((pl.col("rate") > 0.05) & (pl.col("rows") >= 20)).is_empty()


def test_without_mess_everything_is_accepted_and_certain(tidy: Drop) -> None:
    record = tidy.truth("record")
    assert set(record["disposition"]) == {"accepted"}
    assert record["damages"].null_count() == len(record)
    assert record["is_id_whole"].all()
    assert set(tidy.truth("signal").filter(~pl.col("is_certain"))["rule_id"]) <= {"MED_HIGH_OUT_OF_POCKET"}


def test_truth_is_not_in_the_inbox(drop: Drop) -> None:
    assert not [path for path in drop.files() if path.suffix not in (".csv", ".xlsx")]


def test_reference_tables(drop: Drop) -> None:
    divisions = pl.read_csv(drop.reference / "divisions.csv", infer_schema=False)
    assert divisions.columns == ["division_code", "name", "level", "parent_code"]
    assert divisions["division_code"].is_unique().all()
    assert divisions["division_code"].str.starts_with("99").all()
    parents = divisions.filter(pl.col("level") != "1")["parent_code"]
    assert parents.is_in(divisions["division_code"].implode()).all()
    delivered = drop.truth("person")["division_code"]
    assert delivered.is_in(divisions["division_code"].implode()).all()
    policy = pl.read_csv(drop.reference / "policy_parameter.csv", infer_schema=False)
    assert {"monitoring_line", "medical_out_of_pocket"} == set(policy["parameter_id"])
