"""A department's file comes back with what is wrong marked, and closes its quarantine when it is delivered again."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import duckdb
import msoffcrypto
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from clerk import OTHER_VILLAGE, an_id, csv_file, file_of, name, row, rows, table, titled, xlsx_file, zip_file
from county import County
from locked import locked_xlsx
from safetynet.contract import contract
from safetynet.deliver import returned
from safetynet.publish import ledger
from safetynet.publish.history import NotKnown
from safetynet.read.added import NOTE_SHEET, REASON_HEADER

XLSX, CSV = "registry_member", "health_chronic_disease"
PASSWORD = "四字-pass-word"
FORMULA = '=HYPERLINK("http://county.example","看")'


@pytest.fixture(autouse=True)
def _passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for feed in (XLSX, CSV):
        monkeypatch.setenv(contract(feed).owner.returned_password, PASSWORD)


def unlocked(path: Path, password: str = PASSWORD) -> openpyxl.Workbook:
    plain = io.BytesIO()
    with path.open("rb") as stream:
        book = msoffcrypto.OfficeFile(stream)
        book.load_key(password=password, verify_password=True)
        book.decrypt(plain)
    return openpyxl.load_workbook(plain)


def saved(book: openpyxl.Workbook, password: str | None = None) -> bytes:
    plain = io.BytesIO()
    book.save(plain)
    return locked_xlsx(plain.getvalue(), password) if password else plain.getvalue()


def give_back(county: County, wanted: str) -> tuple[Path, openpyxl.Workbook, Worksheet]:
    path = returned.write(county.home, county.store, wanted)
    book = unlocked(path)
    assert book.sheetnames[0] == NOTE_SHEET
    return path, book, book.worksheets[-1]


def column_of(sheet: Worksheet, header: str, header_row: int = 1) -> int:
    return next(cell.column for cell in sheet[header_row] if cell.value == header)


def note_of(book: openpyxl.Workbook) -> str:
    return "\n".join(str(line[0].value) for line in book[NOTE_SHEET].iter_rows() if line[0].value)


def test_what_is_wrong_is_marked_and_said_beside_the_row(county: County, unexamined: None) -> None:
    given = [
        row(XLSX, 1, phone=FORMULA, main_risk="+86"),
        row(XLSX, 2, household_type="", member_count="两人"),
        row(XLSX, 3, per_capita_net_income=9000.5),
        row(XLSX, 4, id_number=an_id(4)[:17] + "A"),
    ]
    cells = titled(XLSX, table(XLSX, given), "监测对象名册 2025-06-30")
    county.put(XLSX, "名册_20250630.xlsx", xlsx_file({"名册": cells}))
    (outcome,) = county.take_in()
    assert outcome.batch_id and outcome.counts.quarantined == 1

    path, book, sheet = give_back(county, outcome.batch_id[:10])
    assert book.sheetnames == [NOTE_SHEET, "名册"]
    assert path.name == "退回_名册_20250630.xlsx"
    width = len(cells[0])
    copied = [["" if cell is None else cell for cell in line[:width]] for line in sheet.values]
    assert copied == cells
    beside = [line[width] for line in sheet.values]
    assert beside[:2] == [None, REASON_HEADER] and [bool(text) for text in beside[2:]] == [False, True, False, True]
    eliminated, members = (
        sheet.cell(4, column_of(sheet, contract(XLSX).first_header(column), 2))
        for column in ("household_type", "member_count")
    )
    assert eliminated.comment.text.startswith("必须改正：") and eliminated.fill.fgColor.rgb == "FFFFC7CE"
    assert members.comment.text.startswith("请核对：") and members.fill.fgColor.rgb == "FFFFEB9C"
    assert re.match("必须改正：.+。请核对：.+。To be corrected: .+ Please check: .+", str(beside[3]))
    assert not {cell.data_type for line in sheet.iter_rows() for cell in line} & {"f", "e"}
    assert sheet.cell(3, column_of(sheet, contract(XLSX).first_header("phone"), 2)).number_format == "@"
    assert sheet.cell(5, 1).fill.fgColor.rgb == "00000000"
    assert sheet.auto_filter.ref and sheet.freeze_panes == "A3"


def test_the_note_is_read_whole_also_where_no_program_makes_room(county: County, unexamined: None) -> None:
    county.deliver(CSV, [row(CSV, 1), row(CSV, 2, disease="")])
    (outcome,) = county.take_in()
    _, book, sheet = give_back(county, outcome.batch_id or "")
    note = book[NOTE_SHEET]
    for line in note.iter_rows():
        told = str(line[0].value).splitlines()
        width = max(sum(2 if each > "\u2e80" else 1 for each in part) for part in told)
        assert note.row_dimensions[line[0].row].height >= 15 * (len(told) + (width > 110))
    assert all(book[name].page_setup.fitToHeight == 0 for name in book.sheetnames)
    assert sheet.column_dimensions["A"].width >= 20


def swap(sheet: Worksheet, one: int, other: int) -> None:
    for a, b in zip(sheet[one], sheet[other], strict=True):
        a.value, b.value = b.value, a.value


def test_a_corrected_copy_closes_the_quarantine(county: County) -> None:
    from safetynet.warehouse import build

    taken = []
    for feed, column, locked in ((XLSX, "household_type", None), (CSV, "disease", PASSWORD)):
        given = [row(feed, 1), row(feed, 2, **{column: ""}), row(feed, 3, division_code="", id_number="")]
        county.deliver(feed, [*given, *rows(feed, 3, first=4)])
        (outcome,) = county.take_in()
        assert (outcome.verdict, outcome.counts.quarantined) == ("accepted_with_quarantine", 2)
        path, book, sheet = give_back(county, outcome.batch_id or "")
        sheet.cell(3, column_of(sheet, contract(feed).first_header(column))).value = row(feed, 2)[column]
        sheet.cell(4, column_of(sheet, contract(feed).first_header("id_number"))).value = an_id(3)
        sheet.cell(4, column_of(sheet, contract(feed).first_header("division_code"))).value = OTHER_VILLAGE
        swap(sheet, 4, 6)
        county.put(feed, path.name, saved(book, locked))
        (corrected,) = county.take_in()
        assert (corrected.verdict, corrected.reason, corrected.counts.received) == ("accepted", None, 6)
        assert not county.told(corrected)
        taken.append((county.lake(outcome), county.lake(corrected)))

    for before, after in taken:
        private = ("batch_id", "disposition", "reasons", "findings", "corrects")
        first, last = ({k: v for k, v in rows[0].items() if k not in private} for rows in (before, after))
        assert first == last
        assert [bool(line["corrects"]) for line in after] == [False, True, False, False, True, False]

    build.build(county.home, county.store, build.target(county.home, county.store))
    with duckdb.connect(str(county.home.current), read_only=True) as warehouse:
        found = warehouse.sql(
            "select distinct q.feed, q.row_number, r.source_file from quality.quarantined_row q "
            "left join quality.batch r on r.batch_id = q.resolved_by_batch order by 1, 2"
        ).fetchall()
    files = {feed: f"退回_{feed}_20250630.xlsx" for feed in sorted((XLSX, CSV))}
    assert found == [(feed, number, file) for feed, file in files.items() for number in (3, 4)]


def test_the_added_column_does_not_make_a_row(county: County, unexamined: None) -> None:
    county.deliver(CSV, [row(CSV, 1), row(CSV, 2, disease="")])
    (outcome,) = county.take_in()
    _, book, sheet = give_back(county, outcome.batch_id or "")
    for cell in sheet[3][:-1]:
        cell.value = None
    county.put(CSV, "again_20250630.xlsx", saved(book))
    (again,) = county.take_in()
    assert (again.counts.received, again.verdict) == (1, "accepted")


def test_a_copy_of_a_copy_has_one_column_of_reasons(county: County, unexamined: None) -> None:
    county.deliver(CSV, [row(CSV, 1), row(CSV, 2, disease=""), row(CSV, 3, contract_status="")])
    (outcome,) = county.take_in()
    _, book, sheet = give_back(county, outcome.batch_id or "")
    sheet.cell(3, column_of(sheet, contract(CSV).first_header("disease"))).value = "高血压"
    county.put(CSV, "again_20250630.xlsx", saved(book))
    (again,) = county.take_in()
    _, book, sheet = give_back(county, again.batch_id or "")
    assert [cell.value for cell in sheet[1]].count(REASON_HEADER) == 1
    beside = [line[-1] for line in sheet.values][1:]
    assert beside[:2] == [None, None] and beside[2]


def test_text_of_every_shape_comes_back_as_a_workbook(county: County, unexamined: None) -> None:
    header, first, second = table(CSV, [row(CSV, 1, family_doctor=FORMULA), row(CSV, 2, family_doctor='A"\n,B')])
    county.put(CSV, "文本_20250630.csv", csv_file([header, first, [], [*second, "多"], second]))
    (outcome,) = county.take_in()
    _, _, sheet = give_back(county, outcome.batch_id or "")
    lines = [["" if cell is None else cell for cell in line] for line in sheet.values]
    width = len(header)
    assert [line[:width] for line in lines] == [header, first, [""] * width, second, second]
    assert lines[3][width] == "多" and "单元格数与表头不一致" in lines[3][width + 1]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}


def test_every_sheet_of_a_workbook_is_marked_by_its_own_batch(county: County, unexamined: None) -> None:
    east, west = rows(XLSX, 2), [row(XLSX, n, division_code=OTHER_VILLAGE, household_type="") for n in (5, 6)]
    sheets = {"东村": table(XLSX, east), "西村": table(XLSX, west), "说明": [["不是本表"]]}
    county.put(XLSX, "两村_20250630.xlsx", xlsx_file(sheets))
    outcomes = county.take_in()
    _, book, _ = give_back(county, outcomes[0].batch_id or "")
    assert book.sheetnames == [NOTE_SHEET, "东村", "西村"]
    marked = {sheet.title: sum(bool(line[-1]) for line in sheet.values) - 1 for sheet in book.worksheets[1:]}
    assert marked == {"东村": 0, "西村": 2}


def test_a_rejected_file_says_why_at_the_top(county: County, unexamined: None) -> None:
    county.deliver(XLSX, rows(XLSX, 2), "缺列_20250630.xlsx", {"household_code": None})
    county.put(XLSX, "坏_20250630.xlsx", file_of(XLSX, rows(XLSX, 1))[:900])
    county.put(XLSX, "包_20250630.zip", zip_file({"内.xlsx": file_of(XLSX, rows(XLSX, 1), {"household_code": None})}))
    broken = file_of(CSV, rows(CSV, 2)).replace(name(1).encode("gb18030"), f'"{name(1)}'.encode("gb18030"))
    county.put(CSV, "引号_20250630.csv", broken)
    county.take_in()
    found = {each["source_file"]: each for each in county.ledger(ledger.delivery)}
    assert {each["verdict"] for each in found.values()} == {"rejected"}
    _, book, sheet = give_back(county, found["缺列_20250630.xlsx"]["delivery_id"])
    assert "缺少必填列" in note_of(book) and [len(list(sheet.values)), sheet["A2"].fill.fgColor.rgb] == [3, "00000000"]
    assert REASON_HEADER not in [cell.value for cell in sheet[1]]
    _, book, _ = give_back(county, found["坏_20250630.xlsx"]["delivery_id"])
    assert book.sheetnames == [NOTE_SHEET] and "无法打开" in note_of(book) and "没有它的副本" in note_of(book)
    _, book, _ = give_back(county, found["引号_20250630.csv"]["delivery_id"])
    assert book.sheetnames == [NOTE_SHEET] and "引号" in note_of(book)
    path, book, _ = give_back(county, found["包_20250630.zip/内.xlsx"]["delivery_id"])
    assert "放回压缩文件" in note_of(book) and path.name == "退回_包_20250630_内.xlsx"


def test_a_correction_speaks_of_the_same_day(county: County, unexamined: None) -> None:
    county.deliver(CSV, [row(CSV, 1), row(CSV, 2, disease="", last_follow_up_on="")], f"{an_id(3)} 名单.csv")
    (outcome,) = county.take_in()
    path, book, _ = give_back(county, outcome.batch_id or "")
    assert an_id(3) not in str(path)
    county.put(CSV, path.name, saved(book))
    county.take_in()
    first, again = county.ledger(ledger.batch)
    assert (first["as_of_source"], again["as_of_source"], again["as_of"]) == ("arrival", "file_name", first["as_of"])


def test_it_is_private_and_locked(
    county: County,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from safetynet.__main__ import main

    caplog.set_level(logging.DEBUG)
    owner = contract(XLSX).owner
    monkeypatch.delenv(owner.returned_password)
    monkeypatch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
    county.deliver(XLSX, [row(XLSX, 1), row(XLSX, 2, household_type="")])
    (outcome,) = county.take_in()
    for setting, value in (("HOME", county.home.root), ("INBOX", county.home.inbox)):
        monkeypatch.setenv(f"SAFETYNET_{setting}", str(value))
    monkeypatch.setattr("sys.argv", ["safetynet", "returned", outcome.batch_id or ""])
    assert main() == 0
    told = capfd.readouterr().out.splitlines()
    kept = Path(told[1].rpartition("：")[2])
    password = kept.read_text()
    assert len(password) >= 20 and kept.stat().st_mode & 0o777 == 0o600
    path = Path(told[0])
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o077 == 0
    assert unlocked(path, password).sheetnames[0] == NOTE_SHEET
    content = path.read_bytes()
    for text in (name(1), an_id(1)):
        assert not any(text.encode(code) in content for code in ("utf-8", "utf-16-le"))
    for text in (password, name(1), an_id(1)):
        assert text not in caplog.text + "".join(told)
    assert not list(county.home.folder("tmp").iterdir())

    county.put(XLSX, "locked_20250630.xlsx", saved(unlocked(path, password), "another password"))
    (refused,) = county.take_in()
    assert refused.verdict == "rejected" and "密码" in str(refused.reason)
    monkeypatch.setattr("sys.argv", ["safetynet", "returned", "nobody"])
    assert main() == 2


def test_nobody_knows_it(county: County) -> None:
    with pytest.raises(NotKnown):
        returned.write(county.home, county.store, "abc")
