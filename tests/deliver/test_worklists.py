"""A township's worklist goes out, is filled in at the door, comes back as a delivery, and settles its signals."""

from __future__ import annotations

import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from clerk import TOWN, name, row, rows, xlsx_file
from county import County
from safetynet.contract import contract
from safetynet.deliver import worklist
from safetynet.ingest import Outcome
from safetynet.warehouse import build

REGISTRY, ENROLLED, FORM = "registry_member", "education_enrollment", "verification_result"
HEADER = 3
SOUTH = "990121101201"
FORMULAS = {1: "=1+2", 2: "+8613900000002", 3: "-3", 4: "@SUM(A1)"}


def build_current(county: County) -> None:
    build.build(county.home, county.store, build.target(county.home, county.store))


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Five people without insurance in one township and one in another, of which four have a formula for a phone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county = County(tmp_path_factory.mktemp("worklists"))
        uninsured = [row(REGISTRY, number, has_basic_medical_insurance="否") for number in range(1, 7)]
        for number, phone in FORMULAS.items():
            uninsured[number - 1]["phone"] = phone
        uninsured[5] |= {"division_code": SOUTH, "household_code": f"{SOUTH}000006"}
        county.deliver(REGISTRY, uninsured)
        county.take_in()
        build_current(county)
        return county


@pytest.fixture(scope="module")
def folder(county: County) -> Path:
    written, counts = worklist.write(county.home)
    assert counts == {f"伟溪镇_{TOWN}.xlsx": 5, "芳溪镇_990121101000.xlsx": 1}
    return written


@pytest.fixture(scope="module")
def sheet(folder: Path) -> Worksheet:
    return load_workbook(folder / f"伟溪镇_{TOWN}.xlsx").worksheets[0]


def columns(sheet: Worksheet) -> dict[str, int]:
    """Header → number of its column."""
    return {str(cell.value): cell.column for cell in sheet[HEADER]}


def cells(sheet: Worksheet, header: str) -> list[Any]:
    column = columns(sheet)[header]
    return [sheet.cell(number, column).value for number in range(HEADER + 1, sheet.max_row + 1)]


def test_it_says_who_where_what_since_when_and_until_when(sheet: Worksheet) -> None:
    assert cells(sheet, "户主") == cells(sheet, "对象") == [name(number) for number in range(1, 6)]
    assert set(cells(sheet, "村（社区）")) == {"东村"}
    assert set(cells(sheet, "保障")) == {"医疗"}
    assert set(cells(sheet, "首次发现")) == {datetime(2025, 6, 30)}
    assert set(cells(sheet, "最迟核查")) == {datetime(2025, 7, 15)}
    (what,) = set(cells(sheet, "情况与核查要点"))
    assert what.startswith("【未参加基本医疗保险】")
    assert "\n核查：" in what


def test_what_begins_like_a_formula_is_a_text(sheet: Worksheet) -> None:
    assert cells(sheet, "联系电话")[:4] == list(FORMULAS.values())
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "d"}
    phone = sheet.cell(HEADER + 1, columns(sheet)["联系电话"])
    assert phone.quotePrefix
    assert phone.data_type == "s"


def test_only_the_answers_can_be_filled_in(sheet: Worksheet) -> None:
    assert sheet.protection.sheet
    form = contract(FORM)
    answers = {columns(sheet)[form.first_header(answer)] for answer in form.answers}
    for line in sheet.iter_rows(min_row=HEADER + 1):
        assert {cell.column for cell in line if not cell.protection.locked} == answers


def test_answers_are_chosen_from_what_the_contract_accepts(sheet: Worksheet) -> None:
    at, last = columns(sheet), sheet.max_row
    offered = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    accepted = {
        "核查结论": '"属实,不属实,已解决"',
        "是否纳入监测": '"是,否"',
        "监测类别": '"脱贫不稳定户,边缘易致贫户,突发严重困难户"',
    }
    cells_of = {header: get_column_letter(at[header]) for header in accepted}
    assert offered == {f"{letter}{HEADER + 1}:{letter}{last}": accepted[header] for header, letter in cells_of.items()}


def test_it_prints_on_landscape_a4_with_its_header_on_each_page(sheet: Worksheet) -> None:
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$3:$3"


def test_nobody_else_on_the_machine_can_read_it(county: County, folder: Path) -> None:
    assert folder.parent == county.home.root / "worklists"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_same_build_gives_the_same_bytes(county: County, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    folder.rename(folder.with_name("first"))
    again, _ = worklist.write(county.home)
    assert again == folder
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before


def test_a_list_that_is_being_filled_in_is_not_overwritten(county: County, folder: Path) -> None:
    path = folder / "芳溪镇_990121101000.xlsx"
    kept = path.read_bytes()
    path.write_bytes(b"filled in")
    worklist.write(county.home)
    assert path.read_bytes() == b"filled in"
    path.write_bytes(kept)


def answer(path: Path, number: int, **answers: Any) -> str:
    """Fill in a row, counted from 1, and save; returns the signal's id."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    at, form = columns(sheet), contract(FORM)
    for column, value in answers.items():
        sheet.cell(HEADER + number, at[form.first_header(column)]).value = value
    book.save(path)
    return str(sheet.cell(HEADER + number, at["预警编号"]).value)


@pytest.fixture(scope="module")
def returned(county: County, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[str]]:
    """What became of a sheet with three answers, one of them without a date, and the ids of its first four signals."""
    path = tmp_path_factory.mktemp("door") / f"伟溪镇_{TOWN}.xlsx"
    path.write_bytes((folder / path.name).read_bytes())
    day = date(2025, 7, 3)
    ids = [
        answer(
            path, 1, verified_on=day, verified_by="李干部", finding="属实", admitted="是", category="突发严重困难户"
        ),
        answer(path, 2, verified_on=day, finding="不属实", note="在外务工，收入漏报"),
        answer(path, 3, finding="属实"),
        answer(path, 4),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county.put(FORM, path.name, path.read_bytes())
        (outcome,) = county.take_in()
    build_current(county)
    return outcome, ids


def test_rows_without_an_answer_are_told_and_no_rows(returned: tuple[Outcome, list[str]]) -> None:
    outcome, _ = returned
    assert (outcome.counts.received, outcome.counts.accepted, outcome.counts.quarantined) == (3, 2, 1)
    assert outcome.verdict == "accepted_with_quarantine"
    told = str(outcome.reason)
    assert "有 2 行尚未填写" in told
    assert "约定之外" not in told


def test_a_filled_sheet_settles_its_signals(county: County, returned: tuple[Outcome, list[str]]) -> None:
    _, ids = returned
    with duckdb.connect(str(county.home.current), read_only=True) as warehouse:
        found = dict(warehouse.execute("SELECT signal_id, status FROM marts.risk_signal").fetchall())
    assert [found[signal_id] for signal_id in ids] == ["verified", "dismissed", "open", "open"]


def test_what_is_settled_is_on_no_new_list(county: County, folder: Path, returned: tuple[Outcome, list[str]]) -> None:
    again, counts = worklist.write(county.home)
    assert again != folder
    assert counts[f"伟溪镇_{TOWN}.xlsx"] == 3


@pytest.mark.usefixtures("unexamined")
def test_a_list_that_comes_back_empty_is_accepted_and_says_so(tmp_path: Path) -> None:
    form = contract(FORM)
    headers = [form.first_header(column) for column in form.columns]
    county = County(tmp_path)
    county.put(FORM, "空表.xlsx", xlsx_file({"名单": [headers, ["s_1", "", "", "", "", "", "", "", ""]]}))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.received) == ("accepted", 0)
    assert "有 1 行尚未填写" in str(outcome.reason)


@pytest.mark.usefixtures("unexamined")
def test_a_feed_without_answers_keeps_its_rows(tmp_path: Path) -> None:
    county = County(tmp_path)
    county.deliver(ENROLLED, rows(ENROLLED, 2))
    (outcome,) = county.take_in()
    assert outcome.counts.accepted == 2


def test_without_a_warehouse_there_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(worklist.NoWarehouse):
        worklist.write(County(tmp_path).home)
