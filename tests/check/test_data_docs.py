"""Data Docs: a page for each batch and each feed's expectations, with notes and counts, and no value of a row."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from clerk import an_id, name, row
from county import County
from safetynet.check import data_docs
from safetynet.check.rules import suite_path
from safetynet.contract import contract
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

FEED = "health_chronic_disease"
PLANTED = [name(1), an_id(1), an_id(2)[:17], "13912345678", "李医生", "高血压病三期", "2025-07-19"]
LINK = re.compile(r'(?:href|src)="([^"#]+)"')


def test_a_batch_has_a_page_with_notes_and_without_values(county: County) -> None:
    for month in ("0531", "0630"):
        given = [
            row(FEED, 1, family_doctor="李医生"),
            row(FEED, 2, id_number=an_id(2)[:17] + "A", disease="高血压病三期"),
            row(FEED, 3, last_follow_up_on="2025-07-19", follow_ups_this_year="13912345678"),
        ]
        county.deliver(FEED, given, f"{FEED}_2025{month}.csv")
        county.take_in()
    site = county.home.root / "data_docs" / "site"
    pages = [
        data_docs.page_path(FEED, batch["batch_id"], batch["received_at"]) for batch in county.ledger(ledger.batch)
    ]
    assert len(pages) == 2
    index = (site / "index.html").read_text(encoding="utf-8")
    declared = yaml.safe_load(suite_path(contract(FEED)).read_text(encoding="utf-8"))["expectations"]
    for page in (*pages, data_docs.suite_path(FEED)):
        text = html.unescape((site / page).read_text(encoding="utf-8"))
        assert [each["meta"]["notes"] for each in declared if each["meta"]["notes"] not in text] == []
        headings = re.findall(r"<h5[^>]*>\s*(.*?)\s*</h5>", text, re.DOTALL)
        assert {f"{contract(FEED).first_header('disease')} disease", "整行 Whole row"} <= set(headings)
        assert len(headings) == len(set(headings)) and not re.search("_issue|_blank|% null", text)
    assert all(f'href="{page}"' in index for page in (*pages, data_docs.suite_path(FEED)))

    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert [planted for planted in PLANTED if planted in html.unescape(text)] == []
        for link in LINK.findall(text):
            assert not re.match("[a-z]+:", link) and (path.parent / link).exists(), link
    assert [each.name for each in (county.home.root / "data_docs").iterdir()] == [Path(site).name]


def test_files_that_end_at_the_same_time_write_the_index_one_after_the_other(county: County) -> None:
    county.deliver(FEED, [row(FEED, 1)], f"{FEED}_20250630.csv")
    county.take_in()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: data_docs.write_index(county.home, Ledger(county.home)), range(40)))
    assert f"{FEED}_20250630.csv" in (county.home.root / "data_docs" / "site" / "index.html").read_text("utf-8")
