"""What a file says of people stands in landing and in the lake, and nowhere else under the home."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from clerk import an_id, csv_file, file_of, row, rows, table, titled, xlsx_file
from county import County
from safetynet.deliver import alerts, outbox, returned
from safetynet.lineage import deliveries, journal

XLSX, CSV = "registry_member", "health_chronic_disease"
PHONE = "13987654321"
NAMES = ["欧阳鑫垚", "司徒淼焱", "上官犇羴"]
IDS = [an_id(number, "19770707") for number in (301, 302, 303, 304)]
BROKEN_ID = IDS[0][:17] + "A"
FREE_TEXT = "因车祸致残的秘密"
PLANTED = [*IDS, BROKEN_ID[:17], IDS[3][6:14] + IDS[3][14:17], PHONE, *NAMES, FREE_TEXT]


def plant(county: County) -> None:
    """Good and bad files of every kind, with people in their cells, headers, sheet names, titles and file names."""
    cells = {"person_name": NAMES[0], "id_number": IDS[0]}
    whole = [
        row(XLSX, 1, phone=PHONE, main_risk=FREE_TEXT, **cells),
        row(XLSX, 2, person_name=NAMES[1], id_number=IDS[1]),
    ]
    county.deliver(XLSX, whole, f"{IDS[2]}的一家_{PHONE}_20250630.xlsx")
    sheets = {f"{IDS[3]}": table(XLSX, whole[:1]), f"电话{PHONE}": table(XLSX, whole[1:])}
    county.put(XLSX, "sheets_20250630.xlsx", xlsx_file(sheets))
    named = [[*line, extra, extra] for line, extra in zip(table(XLSX, whole), (IDS[2], NAMES[2], PHONE), strict=True)]
    county.put(XLSX, "headers_20250630.xlsx", xlsx_file({"S": titled(XLSX, named, f"{NAMES[2]} {IDS[3]} {PHONE}")}))
    county.put(XLSX, "double_20250630.xlsx", xlsx_file({"S": [[*line, line[8]] for line in table(XLSX, whole)]}))
    county.put(XLSX, "missing_20250630.xlsx", file_of(XLSX, whole, {"household_code": f"户编号{IDS[2]}"}))
    county.put(XLSX, "no_header_20250630.xlsx", xlsx_file({"S": table(XLSX, whole)[1:]}))
    county.put(XLSX, f"broken{IDS[3]}.xlsx", file_of(XLSX, whole)[:900])

    spoiled = [
        row(CSV, 1, **cells, disease=FREE_TEXT, contracted_on=PHONE, follow_ups_this_year=NAMES[2]),
        row(CSV, 2, person_name=NAMES[1], id_number=BROKEN_ID, division_code=IDS[2]),
        row(CSV, 3, **cells, family_doctor=NAMES[2]),
        row(CSV, 3, **cells, family_doctor=NAMES[1], managing_institution=FREE_TEXT),
        row(CSV, 4, person_name=NAMES[2], id_number=IDS[0], last_follow_up_on=IDS[3]),
    ]
    content = file_of(CSV, spoiled)
    county.put(CSV, "rows_20250630.csv", content)
    county.put(CSV, "cut_20250630.csv", content[:-60])
    county.put(
        CSV,
        "quote_20250630.csv",
        content.replace(NAMES[1].encode("gb18030"), f'"{NAMES[1]}'.encode("gb18030"), 1),
    )
    county.put(
        CSV,
        "ragged_20250630.csv",
        csv_file([line + [IDS[3]] * (n % 2) for n, line in enumerate(table(CSV, spoiled))]),
    )
    county.put(CSV, "held_20991231.csv", file_of(CSV, [*spoiled, *rows(CSV, 30, first=10)]))
    county.put(CSV, "encoding.csv", content.replace(b",", b"\xff\x00"))


def found_in(root: Path) -> dict[str, list[str]]:
    """Planted texts by the files under a home, landing and lake aside, that hold them in any encoding."""
    found: dict[str, list[str]] = {}
    needles = {text: {text.encode(code) for code in ("utf-8", "gb18030", "utf-16-le")} for text in PLANTED}
    needles |= {f"{text} escaped": {text.encode("unicode_escape")} for text in PLANTED if not text.isascii()}
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if relative.parts[0] in ("landing", "lake"):
            continue
        content = (path.read_bytes() if path.is_file() else b"") + str(relative).encode()
        for text, forms in needles.items():
            if any(form in content for form in forms):
                found.setdefault(str(relative), []).append(text)
    return found


def test_nothing_of_a_person_leaves_landing_and_lake(
    county: County, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    plant(county)
    outcomes = county.take_in()
    verdicts = {outcome.verdict for outcome in outcomes}
    assert verdicts == {"accepted", "accepted_with_quarantine", "rejected", "held"}
    alerts.write_quarantine(county.home, county.store)
    assert outbox.send(county.home, county.store) == 0
    journal.append(county.home, deliveries.of_outcomes(outcomes))
    for outcome in outcomes:
        assert returned.write(county.home, county.store, outcome.delivery_id).is_file()

    assert any(IDS[0].encode() in path.read_bytes() for path in (county.home.root / "lake").rglob("*.parquet"))
    assert found_in(county.home.root) == {}
    assert len(list((county.home.root / "data_docs").rglob("*.html"))) > 3
    told = caplog.text + "".join(capfd.readouterr()) + "".join(map(repr, outcomes))
    assert [text for text in PLANTED if text in told] == []


def test_what_fails_here_does_not_tell_values(
    county: County, monkeypatch: pytest.MonkeyPatch, unexamined: None
) -> None:
    from safetynet.check import workbench

    county.deliver(CSV, [row(CSV, 1, person_name=NAMES[0], id_number=IDS[0])])
    (landing_id,) = county.land()
    clean = workbench.clean_statement
    broken = "SELECT row_number, CAST(person_name AS INTEGER) AS broken FROM ({})"
    monkeypatch.setattr(workbench, "clean_statement", lambda *given: broken.format(clean(*given)))
    from safetynet.ingest import take_in

    with pytest.raises(Exception, match="failed") as raised:
        take_in(county.home, county.store, landing_id)
    chain: BaseException | None = raised.value
    while chain is not None:
        assert NAMES[0] not in str(chain) and IDS[0] not in str(chain)
        chain = chain.__cause__
    assert found_in(county.home.root) == {}


def test_a_repeated_text_that_fails_here_is_not_told(
    county: County, monkeypatch: pytest.MonkeyPatch, unexamined: None
) -> None:
    from safetynet.clean import repeated
    from safetynet.ingest import take_in

    county.deliver(CSV, [row(CSV, number, person_name=NAMES[0]) for number in range(1, 20)])
    (landing_id,) = county.land()
    broken = "SELECT CAST(text AS INTEGER) AS value, text AS issue, text AS repair FROM texts"
    monkeypatch.setattr(repeated, "text_statement", lambda *_: broken)
    with pytest.raises(RuntimeError, match="failed with ConversionException") as raised:
        take_in(county.home, county.store, landing_id)
    assert NAMES[0] not in str(raised.value) and raised.value.__suppress_context__
    assert found_in(county.home.root) == {}


def test_private_files_are_private(county: County, unexamined: None) -> None:
    os.umask(0o022)
    county.deliver(CSV, rows(CSV, 1))
    county.take_in()
    for name in ("landing", "lake", "secrets", "tmp"):
        assert (county.home.root / name).stat().st_mode & 0o077 == 0, name
    for path in county.home.root.rglob("*"):
        private = path.relative_to(county.home.root).parts[0] in (
            "landing",
            "lake",
            "secrets",
            "operations.sqlite",
        )
        if path.is_file() and private:
            assert path.stat().st_mode & 0o077 == 0, path
