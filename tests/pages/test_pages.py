"""The pages as Airflow serves them: behind its login, in two languages, and without a word about anybody."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import sqlalchemy as sa

from clerk import VILLAGE, row
from faults.test_leaks import PLANTED
from pages.conftest import INCIDENT, Site, an_incident, held
from safetynet.home import CHECKOUT
from safetynet.pages import lineage
from safetynet.pages.app import app
from safetynet.pages.screen import texts
from safetynet.publish import ledger
from safetynet.read.encrypted import is_encrypted

pytestmark = pytest.mark.airflow

PATHS = [
    "",
    "feeds",
    "incidents",
    f"incidents/{INCIDENT}",
    "month",
    "people",
    "data-docs/index.html",
    "assets/pages.css",
]


def pages(site: Site) -> list[str]:
    """Every page there is in this home."""
    batches = [f"batch/{row['batch_id']}" for row in site.county.ledger(ledger.batch)]
    files = [f"file/{row['delivery_id']}" for row in site.county.ledger(ledger.delivery)]
    series = [f"series?feed={row['feed']}&scope={row['scope'] or ''}" for row in site.county.ledger(ledger.batch)]
    divisions = [f"people?division={code}" for code in ("990000000000", "990121000000", "990121100000", "990121100201")]
    docs = [
        f"data-docs/{path.relative_to(site.county.home.root / 'data_docs' / 'site')}"
        for path in (site.county.home.root / "data_docs" / "site").rglob("*.html")
    ]
    return [*PATHS[1:], *batches, *files, *sorted(set(series)), *divisions, *docs]


def test_every_endpoint_asks_for_a_login(site: Site) -> None:
    routes = {route.path for route in app.routes}
    asked = [re.sub(r"\{\w+(:path)?\}", "x", path).removeprefix("/") for path in routes]
    assert len(asked) > 8
    for path in asked:
        if path.endswith("x/x"):
            assert site.ask(path, None, form={}).status == 401, path
        else:
            assert site.ask(path, None).status == 401, path
    assert site.ask("feeds", None, headers={"Authorization": "Bearer x"}).status in (401, 403)


@pytest.mark.parametrize("user", ["admin", "reader"])
def test_who_is_logged_in_sees_the_pages(site: Site, user: str) -> None:
    for path in PATHS[1:]:
        assert site.ask(path, user).status == 200, path
    assert site.ask("", user).headers["location"].endswith("/safetynet/feeds")


def test_nothing_is_told_of_anybody(site: Site) -> None:
    told = {path: site.ask(path) for path in pages(site)}
    assert {path: answer.status for path, answer in told.items() if answer.status != 200} == {}
    assert len(told) > 30
    found = {(path, text) for path, answer in told.items() for text in PLANTED if text in answer.text}
    assert found == set()


def test_a_page_loads_nothing_from_elsewhere_and_only_airflow_may_frame_it(site: Site) -> None:
    answer = site.ask("feeds")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", answer.text) == []


def test_the_language_is_chosen_and_stays(site: Site) -> None:
    english = site.ask("feeds?lang=en")
    assert '<html lang="en">' in english.text and "act now" in english.text
    cookie = english.headers["set-cookie"].split(";")[0]
    kept = site.ask("incidents", headers={"Cookie": f"_token={site.token('admin')}; {cookie}"}, user=None)
    assert '<html lang="en">' in kept.text
    assert '<html lang="zh-CN">' in site.ask("feeds", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="en">' in site.ask("feeds", headers={"Accept-Language": "de-DE,de;q=0.9"}).text


@pytest.mark.parametrize(
    "path", ["../../operations.sqlite", "%2e%2e/%2e%2e/operations.sqlite", "/etc/passwd", "nothing"]
)
def test_data_docs_gives_no_other_file(site: Site, path: str) -> None:
    assert site.ask(f"data-docs/{path}").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "batch/none",
        "file/none",
        "incidents/none",
        "series?feed=none",
        "people?division=990999000000",
        "people?division=no-code-of-a-division",
        "month?month=nothing",
        "x",
    ],
)
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.ask(path).status == 404


def test_the_batch_page_tells_counts_and_row_numbers(site: Site) -> None:
    batch = next(
        row for row in site.county.ledger(ledger.batch) if row["verdict"] == "held" and row["rows_quarantined"]
    )
    text = site.ask(f"batch/{batch['batch_id']}?lang=en").text
    marked = site.county.sql(
        "SELECT row_number FROM batch WHERE disposition = 'quarantined'", batch["feed"], batch["batch_id"]
    )
    for (number,) in marked:
        assert f'data-label="Row">{number}</th>' in text
    assert "held" in text and "as of 2099-12-31" in text
    assert "stg_health__chronic_disease" in text and "risk_signal" in text
    assert "data-docs/validations/" in text
    assert f"data-docs/expectations/{batch['feed']}.html" in text


def test_a_file_of_which_nothing_could_be_read_has_a_page_too(site: Site) -> None:
    refused = next(row for row in site.county.ledger(ledger.delivery) if row["batch_id"] is None)
    text = site.ask(f"file/{refused['delivery_id']}?lang=en").text
    assert "could not be read as this table" in text
    assert refused["source_file"] in site.ask("feeds?lang=en").text


def test_a_series_goes_on_where_a_village_became_part_of_another(site: Site) -> None:
    site.county.rename({"990121100299": VILLAGE}, "2020-12-31")
    for code, day in (("990121100299", "20201130"), (VILLAGE, "20250531")):
        given = [row("water_household", number, division_code=code) for number in range(3)]
        site.county.deliver("water_household", given, f"台账_{day}.xlsx")
    assert [outcome.scope for outcome in site.county.take_in()] == ["990121100299", VILLAGE]
    for scope in (VILLAGE, "990121100299"):
        page = site.ask(f"series?feed=water_household&scope={scope}&lang=en").text
        assert "2020-11-30" in page and "2025-05-31" in page
        assert re.search(r"Formerly.*旧村.*990121100299", page)
    assert site.ask("feeds?feed=water_household").text.count("series?feed=water_household") == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_unusual_distribution_is_named_by_its_header_and_drawn_against_its_history(
    site: Site, dear: dict[str, str], lang: str
) -> None:
    told = {
        "zh": "“个人自付”的中位数：本批 12330；此前 6 批的中位数 123.30，一般在 94.85 到 160.29 之间。",
        "en": "“个人自付”, the median: 12330 in this batch; the median of the 6 batches before is 123.30, "
        "usual is 94.85 to 160.29.",
    }[lang]
    for address in (f"incidents/{dear['incident']}", f"batch/{dear['batch']}"):
        page = site.ask(f"{address}?lang={lang}").text
        assert told in page and not re.search(r"\bout_of_pocket", page)
        assert page.count("<circle") == 6 and page.count('class="this"') == 1
        assert "<title>2025-01-28: 123.30</title>" in page and "<title>2025-07-28: 12330</title>" in page
    assert "“个人自付”" in site.ask(f"incidents?feed=health_settlement&lang={lang}").text
    assert "<circle" not in site.ask(f"incidents/{INCIDENT}").text


def test_an_expectation_that_fails_is_named_by_reason_and_header(site: Site) -> None:
    what = "not_a_listed_value:disease"
    with site.county.store.transaction() as connection:
        connection.execute(
            sa.insert(ledger.incident).values(
                an_incident("8" * 12, feed="health_chronic_disease", kind="expectation", what=what)
            )
        )
    for address in (f"incidents/{'8' * 12}", "incidents?feed=health_chronic_disease"):
        assert "“慢病种类” 不在允许的取值中" in site.ask(f"{address}{'&' if '?' in address else '?'}lang=zh").text


def test_the_file_for_the_department_is_for_those_who_act(site: Site) -> None:
    delivery = next(row for row in site.county.ledger(ledger.delivery) if row["batch_id"])
    address = f"file/{delivery['delivery_id']}/returned"
    assert site.ask(address).status == 404
    written = site.ask(address, form={})
    assert (written.status, written.headers["location"]) == (303, f"/safetynet/{address}")
    answer = site.ask(address)
    assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
    (copy,) = (site.county.home.root / "returned" / delivery["feed"]).rglob("*.xlsx")
    assert is_encrypted(copy)
    assert site.ask(address, "reader").status == 403
    assert [address in site.ask(f"batch/{delivery['batch_id']}", user).text for user in ("admin", "reader")] == [
        True,
        False,
    ]


def test_what_is_decided_about_a_file_needs_a_right_a_reason_and_this_site(site: Site) -> None:
    batch_id, delivery_id = held(site)
    address, reason = f"file/{delivery_id}/release", {"text": "it is true"}
    assert address in site.ask(f"batch/{batch_id}").text
    assert "<form" not in site.ask(f"batch/{batch_id}", "reader").text
    for decision in ("release", "returned", "retake"):
        assert site.ask(f"file/{delivery_id}/{decision}", "reader", form=reason).status == 403
    assert site.ask(address, form=reason, headers={"Origin": "http://elsewhere.example"}).status == 403
    refused = site.ask(f"{address}?lang=en", form={"text": " "})
    assert refused.status == 409 and "only a batch that is held" in refused.text
    assert site.ask("file/none/release", form=reason).status == 404
    assert site.ask(f"file/{delivery_id}/delete", form=reason).status == 422
    assert batch_id not in {row["batch_id"] for row in site.county.ledger(ledger.release)}


def test_a_held_batch_is_released_once_and_its_page_says_by_whom(site: Site) -> None:
    batch_id, delivery_id = held(site)
    answer = site.ask(f"file/{delivery_id}/release", form={"text": "asked 13987654321\nit is true"})
    assert (answer.status, answer.headers["location"]) == (303, f"/safetynet/file/{delivery_id}")
    (row,) = [row for row in site.county.ledger(ledger.release) if row["batch_id"] == batch_id]
    assert (row["reason"], row["released_by"]) == ("asked *********** it is true", "admin")
    text = site.ask(f"batch/{batch_id}?lang=en").text
    assert "Released by hand" in text and "· admin" in text and "/release" not in text
    assert site.ask(f"file/{delivery_id}/release", form={"text": "again"}).status == 409
    assert site.county.ledger(ledger.release).count(row) == 1


def test_a_file_that_is_to_be_read_again_waits_among_the_feeds(site: Site) -> None:
    delivery = next(row for row in site.county.ledger(ledger.delivery) if row["verdict"] == "rejected")
    answer = site.ask(f"file/{delivery['delivery_id']}/retake", form={})
    assert (answer.status, answer.headers["location"]) == (303, f"/safetynet/feeds?feed={delivery['feed']}")
    waiting = site.ask(f"feeds?feed={delivery['feed']}&lang=en").text
    assert "Files that wait to be read" in waiting and "· admin" in waiting
    assert site.ask(f"file/{delivery['delivery_id']}").status == 404
    read_again = site.county.take_in()
    assert [(each.delivery_id, each.verdict) for each in read_again] == [(delivery["delivery_id"], "rejected")]
    assert "Files that wait" not in site.ask("feeds?lang=en").text


def opened(site: Site, number: int) -> str:
    """An incident of its own."""
    incident_id = f"{number:012d}"
    with site.county.store.transaction() as connection:
        connection.execute(sa.insert(ledger.incident).values(an_incident(incident_id)))
    return incident_id


def state(site: Site, incident_id: str) -> tuple[str, list[tuple[str, str | None, str | None]]]:
    """The state of an incident, and its events in the order in which they happened."""
    rows = site.county.store.rows(
        sa.select(ledger.incident.c.status).where(ledger.incident.c.incident_id == incident_id)
    )
    events = site.county.store.rows(
        sa.select(ledger.incident_event)
        .where(ledger.incident_event.c.incident_id == incident_id)
        .order_by(ledger.incident_event.c.event_id)
    )
    return rows[0]["status"], [(event["event"], event["by"], event["note"]) for event in events]


def test_an_incident_is_moved_on_by_hand_and_each_step_is_kept(site: Site) -> None:
    incident_id = opened(site, 1)
    for act, text in (
        ("acknowledge", ""),
        ("assign", "water bureau"),
        ("note", "called 13987654321\nthey send it again"),
        ("resolve", "sent again"),
    ):
        answer = site.ask(f"incidents/{incident_id}/{act}", form={"text": text})
        assert (answer.status, answer.headers["location"]) == (303, f"/safetynet/incidents/{incident_id}")
    assert state(site, incident_id) == (
        "resolved",
        [
            ("acknowledged", "admin", None),
            ("assigned", "admin", "water bureau"),
            ("noted", "admin", "called *********** they send it again"),
            ("resolved", "admin", "sent again"),
        ],
    )
    page = site.ask(f"incidents/{incident_id}?lang=en").text
    assert "water bureau" in page and "/resolve" not in page


def test_what_cannot_be_done_is_said_and_changes_nothing(site: Site) -> None:
    incident_id = opened(site, 2)
    for act in ("note", "assign", "resolve"):
        assert site.ask(f"incidents/{incident_id}/{act}", form={"text": "  "}).status == 409
    assert site.ask(f"incidents/{incident_id}/acknowledge", form={"text": ""}).status == 303
    again = site.ask(f"incidents/{incident_id}/acknowledge?lang=en", form={"text": ""})
    assert again.status == 409 and "Somebody has acknowledged" in again.text
    assert state(site, incident_id) == ("acknowledged", [("acknowledged", "admin", None)])
    assert site.ask("incidents/none/note", form={"text": "x"}).status == 404
    assert site.ask(f"incidents/{incident_id}/delete", form={"text": "x"}).status == 422


def test_a_viewer_reads_and_another_site_cannot_act(site: Site) -> None:
    incident_id = opened(site, 3)
    assert site.ask(f"incidents/{incident_id}/resolve", "reader", form={"text": ""}).status == 403
    assert "<form" not in site.ask(f"incidents/{incident_id}", "reader").text
    forged = site.ask(
        f"incidents/{incident_id}/resolve", form={"text": ""}, headers={"Origin": "http://elsewhere.example"}
    )
    assert forged.status == 403
    assert state(site, incident_id) == ("open", [])


def test_incidents_are_filtered(site: Site) -> None:
    with site.county.store.transaction() as connection:
        connection.execute(
            sa.insert(ledger.incident).values(
                an_incident("9" * 12, severity="info", owner="someone", status="resolved")
            )
        )
    assert "9" * 12 not in site.ask("incidents").text
    assert "9" * 12 in site.ask("incidents?status=resolved&severity=info&owner=someone&feed=registry_member").text
    assert INCIDENT not in site.ask("incidents?status=resolved").text


def test_a_process_that_serves_no_pages_does_not_load_them() -> None:
    script = (
        "import sys, airflow, safetynet_plugin; print('safetynet.pages.app' in sys.modules, 'fastapi' in sys.modules)"
    )
    settings = os.environ | {"PYTHONPATH": str(CHECKOUT / "plugins")}
    answer = subprocess.run([sys.executable, "-c", script], env=settings, capture_output=True, text=True, check=True)
    assert answer.stdout.strip().endswith("False False")


def test_lineage_knows_every_folder_of_models() -> None:
    folders = {path.name for path in (CHECKOUT / "dbt_project" / "models").iterdir() if path.is_dir()}
    assert {*folders, "exposures"} == set(lineage.LAYERS)
    assert {f"layer_{name}" for name in lineage.LAYERS} <= set(texts())
