"""Bad input: each file gets the verdict and the words it deserves, and disturbs nothing else of the run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clerk import FEEDS, an_id, csv_file, file_of, row, rows, table, titled, xls_file, xlsx_file
from county import County
from locked import locked_xls, locked_xlsx
from safetynet.deliver import outbox
from safetynet.publish import ledger

if TYPE_CHECKING:
    from safetynet.ingest import Outcome

XLSX, CSV = "registry_member", "health_chronic_disease"

pytestmark = pytest.mark.usefixtures("unexamined")


@dataclass(frozen=True)
class Bad:
    """A bad file: what it holds, the verdict on it, and what its message says in either language."""

    feed: str
    name: str
    content: Callable[[], bytes]
    verdict: str
    zh: str
    en: str
    received: int = 0
    quarantined: int = 0


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("UP", "../"), content)
    return stream.getvalue()


def without(column: str, instead: str | None = None, feed: str = XLSX) -> Callable[[], bytes]:
    return lambda: file_of(feed, rows(feed, 3), {column: instead})


def doubled() -> bytes:
    return xlsx_file({"Sheet1": [[*line, line[8]] for line in table(XLSX, rows(XLSX, 3))]})


def with_row(number: int, spoil: Callable[[str], str]) -> bytes:
    lines = csv_file(table(CSV, rows(CSV, 8)), "utf-8", "\n").decode().splitlines()
    lines[number - 1] = spoil(lines[number - 1])
    return "\n".join(lines).encode("gb18030")


BAD = {
    "empty file": Bad(XLSX, "a.xlsx", lambda: b"", "rejected", "文件是空的", "The file is empty"),
    "empty text file": Bad(CSV, "a.csv", lambda: b"\r\n", "rejected", "文件是空的", "The file is empty"),
    "header only, snapshot": Bad(XLSX, "a.xlsx", lambda: file_of(XLSX, []), "held", "只有表头", "header and no rows"),
    "header only, increment": Bad(
        "health_settlement",
        "a.csv",
        lambda: file_of("health_settlement", []),
        "accepted",
        "按收到的日期计",
        "day of arrival",
    ),
    "wrong feed's workbook": Bad(
        XLSX,
        "a.xlsx",
        lambda: file_of("housing_safety", rows("housing_safety", 3)),
        "rejected",
        "它看起来像“农村住房安全动态监测”，请放入 housing_safety 文件夹",
        "It looks like “Rural housing safety”; please put it into the folder housing_safety",
        3,
        3,
    ),
    "wrong feed's text file": Bad(
        CSV,
        "a.csv",
        lambda: file_of("water_project", rows("water_project", 3)),
        "rejected",
        "请放入 water_project 文件夹",
        "put it into the folder water_project",
        3,
        3,
    ),
    "another delimiter": Bad(
        "water_project",
        "a.csv",
        lambda: file_of("water_project", rows("water_project", 3)).replace(b",", b";"),
        "rejected",
        "不是用约定的“,”分隔的",
        "not to be separated by “,”",
        3,
        3,
    ),
    "as-of date in the future": Bad(
        CSV,
        "a_20991231.csv",
        lambda: file_of(CSV, rows(CSV, 3)),
        "held",
        "2099-12-31 晚于收到的日期",
        "2099-12-31 lies after",
        3,
    ),
    "truncated workbook": Bad(
        XLSX,
        "a.xlsx",
        lambda: file_of(XLSX, rows(XLSX, 50))[:-300],
        "rejected",
        "工作簿已损坏或不完整",
        "damaged or incomplete",
    ),
    "truncated text file": Bad(
        CSV,
        "a.csv",
        lambda: file_of(CSV, rows(CSV, 5))[:-40],
        "rejected",
        "在第 6 行中断",
        "breaks off in row 6",
        5,
        5,
    ),
    "html named xls": Bad(
        XLSX,
        "a.xls",
        lambda: b"<html><table><tr><td>x</td></tr></table>",
        "rejected",
        "网页（HTML）",
        "a web page (HTML)",
    ),
    "tab-separated text named xls": Bad(
        XLSX,
        "a.xls",
        lambda: "姓名\t户编号\n萧龙\t1\n".encode("gbk"),
        "rejected",
        "而是文本",
        "no workbook but text",
    ),
    "encrypted xlsx": Bad(
        XLSX,
        "a.xlsx",
        lambda: locked_xlsx(file_of(XLSX, rows(XLSX, 9)), "secret"),
        "rejected",
        "工作簿有密码",
        "protected by a password",
    ),
    "encrypted xls": Bad(
        "housing_safety",
        "a.xls",
        lambda: locked_xls(xls_file(table("housing_safety", rows("housing_safety", 9))), "secret"),
        "rejected",
        "工作簿有密码",
        "protected by a password",
    ),
    "unknown encoding": Bad(
        CSV,
        "a.csv",
        lambda: bytes(range(256)) * 30,
        "rejected",
        "无法识别文件的编码",
        "encoding of the file is not the agreed one",
    ),
    "required column missing": Bad(
        XLSX,
        "a.xlsx",
        without("household_code"),
        "rejected",
        "第 1 行（表头）缺少必填列：户编号",
        "Row 1 (the header) lacks required columns: 户编号",
        3,
        3,
    ),
    "column renamed": Bad(
        XLSX,
        "a.xlsx",
        without("household_type", "家庭户类型"),
        "rejected",
        "可能是列名写法不同：家庭户类型 → 户类型",
        "Perhaps they are named differently: 家庭户类型 → 户类型",
        3,
        3,
    ),
    "duplicate header": Bad(
        XLSX,
        "a.xlsx",
        doubled,
        "rejected",
        "第 1 行（表头）中有两列是同一项：姓名",
        "two columns for one item: 姓名",
        3,
        3,
    ),
    "unclosed quote": Bad(
        CSV,
        "a.csv",
        lambda: with_row(4, lambda line: '"' + line),
        "rejected",
        "第 4 行有一个没有配对的引号",
        "Row 4 has a quotation",
        received=2,
        quarantined=2,
    ),
    "ragged rows": Bad(
        CSV,
        "a.csv",
        lambda: with_row(4, lambda line: line + ",多"),
        "accepted_with_quarantine",
        "1 行无法使用",
        "1 rows cannot be used",
        8,
        1,
    ),
    "NUL bytes": Bad(
        CSV,
        "a.csv",
        lambda: with_row(4, lambda line: line.replace("高血压", "\0\0\0")),
        "accepted_with_quarantine",
        "1 行无法使用",
        "1 rows cannot be used",
        8,
        1,
    ),
    "10 MB cell": Bad(
        CSV,
        "a.csv",
        lambda: file_of(CSV, [row(CSV, 1, disease="x" * (10 << 20)), *rows(CSV, 3, first=2)]),
        "accepted_with_quarantine",
        "1 行无法使用",
        "1 rows cannot be used",
        4,
        1,
    ),
    "5,000 columns": Bad(
        CSV,
        "a.csv",
        lambda: csv_file([[*line, *("x" for _ in range(5000))] for line in table(CSV, rows(CSV, 3))]),
        "accepted",
        "5000 个约定之外的列",
        "5000 columns that the contract does not know",
        3,
    ),
    "zip bomb": Bad(
        CSV, "a.zip", lambda: zipped(a=bytes(100 << 20)), "rejected", "解开后过大", "unpacks to far too much"
    ),
    "zip with ../ names": Bad(CSV, "a.zip", lambda: zipped(UPa=b"x"), "rejected", "不安全的路径", "unsafe path"),
    "damaged zip": Bad(
        CSV, "a.zip", lambda: zipped(a=b"x" * 999)[:-10], "rejected", "压缩文件已损坏", "archive is damaged"
    ),
    "id numbers mangled by Excel": Bad(
        CSV,
        "a.csv",
        lambda: file_of(
            CSV,
            [
                row(CSV, 1, id_number="9.90121E+17"),
                row(CSV, 2, id_number=an_id(2)[:15] + "000"),
                row(CSV, 3, id_number=f"{float(an_id(3)[:17] + '7'):.0f}"),
            ],
        ),
        "accepted",
        "按收到的日期计",
        "day of arrival",
        3,
    ),
}


@dataclass(frozen=True)
class Run:
    """All bad files and a good one of every feed, taken in together."""

    county: County
    paths: dict[str, Path]
    outcomes: dict[str, Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county = County(tmp_path_factory.mktemp("bad"))
        paths = {}
        for number, (what, bad) in enumerate(BAD.items()):
            paths[what] = county.put(bad.feed, f"{number}{bad.name}", bad.content())
        for feed in FEEDS:
            county.deliver(feed, rows(feed, 2, first=90), "good_20250630")
        outcomes = {f"{outcome.feed}/{outcome.source_file}": outcome for outcome in county.take_in()}
        return Run(county, paths, outcomes)


@pytest.mark.parametrize("what", BAD)
def test_bad_input(run: Run, what: str) -> None:
    bad, path = BAD[what], run.paths[what]
    outcome = run.outcomes[f"{bad.feed}/{path.name}"]
    assert outcome.verdict == bad.verdict
    counts = outcome.counts
    assert (counts.received, counts.quarantined) == (bad.received, bad.quarantined)
    assert counts.accepted + counts.duplicate == (0 if bad.verdict == "rejected" else bad.received - bad.quarantined)
    reason = str(outcome.reason)
    assert bad.zh in reason and bad.en in reason
    assert "{" not in reason and "None" not in reason
    assert run.county.landed(path)

    refused = ("rejected", "held")
    messages = [
        each
        for each in run.county.ledger(ledger.message)
        if each["message_id"].endswith(outcome.delivery_id) and each["kind"] in refused
    ]
    assert [each["kind"] for each in messages] == ([bad.verdict] if bad.verdict in refused else [])
    for message in messages:
        assert path.name in message["body"]
        assert bad.zh in message["body"] and bad.en in message["body"]
        assert re.search(r"(重新|核对|改正)", message["body"])


def test_bad_files_disturb_no_other(run: Run) -> None:
    good = [outcome for outcome in run.outcomes.values() if outcome.source_file == "good_20250630"]
    assert [(each.verdict, each.counts.accepted) for each in good] == [("accepted", 2)] * len(FEEDS)
    assert run.county.take_in() == []


def test_id_numbers_mangled_by_excel_are_told_each_in_its_way(county: County) -> None:
    county.put(CSV, "a_20250630.csv", BAD["id numbers mangled by Excel"].content())
    (outcome,) = county.take_in()
    told = {number: what for number, ((_, what),) in county.told(outcome).items()}
    assert told == {2: "scientific_notation", 3: "wrong_checksum", 4: "wrong_checksum"}
    assert [line["id_number"] for line in county.lake(outcome)] == [None] * 3


def test_numbers_that_excel_holds_as_numbers(county: County) -> None:
    given = [
        row(XLSX, 1, id_number=float(an_id(1)[:17] + "0"), household_code="A"),
        row(XLSX, 2, household_code=9.9e17),
    ]
    county.deliver(XLSX, given)
    (outcome,) = county.take_in()
    assert county.told(outcome) == {
        2: [("id_number", "scientific_notation")],
        3: [("household_code", "scientific_notation")],
    }


HOSTILE = [
    "=cmd|'/C calc'!A0",
    "'; DROP TABLE batch; --",
    '"; rm -rf / #',
    "$(touch /tmp/x) `id`",
    "{batch} {0} %s %(x)s",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a\nb\tc",
    "\x1b[31m红",
    "\u202eabc",
]


def test_hostile_texts_in_cells_headers_sheets_and_names(county: County) -> None:
    feed, columns = XLSX, ("main_risk", "town_name", "village_name", "health_status")
    given = [row(feed, number, **dict.fromkeys(columns, text)) for number, text in enumerate(HOSTILE, 1)]
    cells = [line + (HOSTILE if number == 0 else [""] * len(HOSTILE)) for number, line in enumerate(table(feed, given))]
    sheets = {
        "'; DROP TABLE--".replace("'", "’"): cells,
        "=cmd|!A0 {batch}": table(feed, rows(feed, 2, first=50)),
    }
    for number, text in enumerate(HOSTILE):
        name = f"a{text}{number}_20250630.xlsx".replace("/", "∕")
        county.put(feed, name, xlsx_file({**sheets, f"S{number}": [["x"]]}))
    outcomes = county.take_in()
    assert {outcome.verdict for outcome in outcomes} == {"accepted"}
    assert len(outcomes) == 2 * len(HOSTILE)
    stored = [line["main_risk"] for line in county.lake(outcomes[0])]
    assert stored == [text if text != "\u202eabc" else stored[-1] for text in HOSTILE]
    assert all(outcome.source_file.isprintable() for outcome in outcomes)


def test_hostile_csv(county: County) -> None:
    cells = table(
        CSV, [row(CSV, n, managing_institution=text, family_doctor=text) for n, text in enumerate(HOSTILE, 1)]
    )
    county.put(
        CSV,
        "a_20250630.csv",
        csv_file([[*line, text] for line, text in zip(cells, ["x", *HOSTILE], strict=True)]),
    )
    (outcome,) = county.take_in()
    assert [line["managing_institution"] for line in county.lake(outcome)][:9] == HOSTILE[:9]


def test_one_percent_and_a_hundred_times_the_usual_rows_are_held(county: County) -> None:
    county.deliver(CSV, rows(CSV, 300), "a_990121_20250430.csv")
    county.deliver(CSV, rows(CSV, 3), "b_990121_20250531.csv")
    county.deliver(CSV, rows(CSV, 30_000), "c_990121_20250630.csv")
    usual, few, many = county.take_in()
    assert [usual.verdict, few.verdict, many.verdict] == ["accepted", "held", "held"]
    assert "3 行" in str(few.reason) and "300" in str(few.reason)
    assert "30000 行" in str(many.reason)


def test_a_rejected_sheet_leaves_its_neighbours_alone(county: County) -> None:
    good = table(XLSX, rows(XLSX, 2))
    bad = table(XLSX, rows(XLSX, 3), {"household_code": None})
    county.put(
        XLSX,
        "a_20250630.xlsx",
        xlsx_file({"东村": good, "西村": bad, "南村": titled(XLSX, good, "再来一次")}),
    )
    verdicts = {outcome.source_file: (outcome.verdict, outcome.counts.received) for outcome in county.take_in()}
    assert verdicts == {
        "a_20250630.xlsx#东村": ("accepted", 2),
        "a_20250630.xlsx#西村": ("rejected", 3),
        "a_20250630.xlsx#南村": ("accepted", 2),
    }


def test_bad_members_leave_their_neighbours_alone(county: County) -> None:
    members = {
        "good.csv": file_of(CSV, rows(CSV, 2)),
        "empty.csv": b"",
        "wrong.csv": file_of("water_project", []),
    }
    county.put(CSV, "a_20250630.zip", zipped(**members))
    verdicts = {outcome.source_file: outcome.verdict for outcome in county.take_in()}
    assert verdicts == {
        "a_20250630.zip/good.csv": "accepted",
        "a_20250630.zip/empty.csv": "rejected",
        "a_20250630.zip/wrong.csv": "rejected",
    }


def test_a_rejected_file_corrected_is_taken_in(county: County) -> None:
    county.put(XLSX, "a_20250630.xlsx", without("household_code")())
    (rejected,) = county.take_in()
    county.put(XLSX, "b_20250630.xlsx", file_of(XLSX, rows(XLSX, 3)))
    (accepted,) = county.take_in()
    assert (rejected.verdict, accepted.verdict) == ("rejected", "accepted")


def test_every_other_feeds_file_is_rejected(county: County) -> None:
    for feed in FEEDS:
        for other in set(FEEDS) - {feed}:
            county.put(feed, other, file_of(other, rows(other, 1)))
    outcomes = county.take_in()
    assert len(outcomes) == len(FEEDS) * (len(FEEDS) - 1)
    assert {outcome.verdict for outcome in outcomes} == {"rejected"}


def test_messages_of_bad_files_can_be_sent(county: County) -> None:
    county.put(XLSX, "a.xlsx", b"")
    county.take_in()
    assert outbox.send(county.home, county.store) == 0
    (alert,) = county.home.folder("alerts").iterdir()
    assert "a.xlsx" in alert.read_text(encoding="utf-8")
