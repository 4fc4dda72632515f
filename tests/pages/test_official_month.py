"""A month is released by hand through Airflow's API and frozen; who is killed in between is finished by the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from clerk import an_id, rows
from pages.conftest import Site
from safetynet.official import kept
from safetynet.official.freeze import freeze
from safetynet.official.month import AlreadyFrozen, NotFrozen
from safetynet.orchestrate.settings import environment
from safetynet.publish import ledger

pytestmark = pytest.mark.airflow

MONTH = date(2025, 7, 1)
REASON = "the county's report is due"

RUN = """
import sys
from safetynet.orchestrate.once import _dags
run = _dags()["official_month"].test(run_conf={"month": sys.argv[1]})
print("STATES", {each.task_id: each.state for each in run.get_task_instances()})
"""

KILLED = """
import os, signal, sys
import safetynet.official.freeze
from safetynet.__main__ import main

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def killed_after(begun):
    def step(*given, **named):
        result = begun(*given, **named)
        die()
        return result
    return step

freeze = safetynet.official.freeze
owner, name = {"begun": (freeze, "_begin"), "moved": (freeze.lake, "move")}[sys.argv.pop(1)]
setattr(owner, name, killed_after(getattr(owner, name)))
sys.exit(main())
"""


def call(site: Site, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask Airflow's own API as its administrator."""
    request = urllib.request.Request(f"{site.url}/api/v2{path}", method=method)
    request.add_header("Authorization", f"Bearer {site.token('admin')}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, json.dumps(body).encode() if body else None, timeout=30) as answer:
        return json.load(answer)


def settings(site: Site) -> dict[str, str]:
    return os.environ | environment(site.county.home)


def killed(site: Site, at: str, *arguments: str) -> bool:
    """Whether `make freeze` was killed at a point of it."""
    command = [sys.executable, "-c", KILLED, at, "freeze", *arguments]
    return subprocess.run(command, env=settings(site), timeout=300).returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def question(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The question that the DAG asks about a month for which nothing came; it is answered, and the month frozen."""
    log = tmp_path_factory.mktemp("official") / "run.log"
    with log.open("w") as output:
        command = [sys.executable, "-c", RUN, f"{MONTH:%Y-%m}"]
        process = subprocess.Popen(command, env=settings(site), stdout=output, stderr=output)
    try:
        deadline, asked = time.monotonic() + 120, []
        while not asked:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            asked = call(site, "GET", "/dags/official_month/dagRuns/~/hitlDetails")["hitl_details"]
            time.sleep(0.5)
        run = asked[0]["task_instance"]["dag_run_id"]
        answer = {"chosen_options": ["Approve"], "params_input": {"reason": REASON}}
        call(site, "PATCH", f"/dags/official_month/dagRuns/{run}/taskInstances/release/-1/hitlDetails", answer)
        assert process.wait(300) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
    yield asked[0] | {"log": log}


def revisions(site: Site) -> list[dict[str, Any]]:
    return kept.revisions(site.county.store, MONTH)


def test_the_question_names_who_is_missing_and_demands_a_reason(question: dict[str, Any]) -> None:
    assert "registry_member" in question["body"] and "990121100201" in question["body"]
    assert question["params"]["reason"]["schema"]["minLength"] == 1
    assert question["defaults"] == ["Reject"]


def test_a_release_says_who_when_why_and_without_whom(site: Site, question: dict[str, Any]) -> None:
    (row,) = revisions(site)
    assert (row["revision"], row["by"], row["reason"]) == (1, "admin", REASON)
    assert {each["feed"] for each in row["missing"]} == {"registry_member"}
    assert row["frozen_at"] > row["known_at"]
    path = kept.figures(site.county.home, row)
    assert path.stat().st_mode & 0o777 == 0o400
    (message,) = site.county.store.rows(sa.select(ledger.message).where(ledger.message.c.kind == "month"))
    assert REASON in message["body"] and message["channels"] == "SAFETYNET_ALERT_OPERATIONS"


def test_the_page_tells_who_is_missing_and_who_froze_it_why(site: Site, question: dict[str, Any]) -> None:
    text = unescape(site.ask("month?month=2025-07&lang=en").text)
    assert "frozen at" in text and f"admin: {REASON}" in text and "r1</strong>" in text
    assert "required_actions" not in text
    waits = site.ask("month?month=2025-08&lang=en").text
    assert "waits for" in waits and 'href="/required_actions"' in waits
    assert "not over yet" in site.ask("month?month=2099-01&lang=en").text


def test_a_further_revision_demands_a_name_and_a_reason(site: Site, question: dict[str, Any]) -> None:
    for by, reason in (("", ""), ("Li", " "), ("", "a correction")):
        with pytest.raises(NotFrozen, match="frozen already"):
            freeze(site.county.home, site.county.store, MONTH, by, reason)
    with pytest.raises(AlreadyFrozen):
        freeze(site.county.home, site.county.store, MONTH, "Li", "an old question", revise=False)
    assert len(revisions(site)) == 1


def test_who_is_killed_is_finished_by_the_next_and_what_was_frozen_stays(site: Site, question: dict[str, Any]) -> None:
    """A revision after a late delivery: killed before its build, killed before it counts, finished, the same."""
    county, month = site.county, f"{MONTH:%Y-%m}"
    first = kept.figures(county.home, revisions(site)[0]).read_bytes()
    county.deliver("health_major_illness", rows("health_major_illness", 12), "全县_990121_20250731.xlsx")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    assert killed(site, "begun", month, "Li", f"illnesses came, {an_id(1)}")
    begun = revisions(site)[-1]
    assert (begun["revision"], begun["frozen_at"]) == (2, None)
    assert killed(site, "moved", month, "", "")
    assert revisions(site)[-1] == begun
    moved = county.home.official(MONTH, 2).read_bytes()
    row = freeze(county.home, county.store, MONTH)
    assert row == revisions(site)[-1]
    assert (row["known_at"], row["by"], row["reason"]) == (begun["known_at"], "Li", f"illnesses came, {'*' * 18}")
    assert row["missing"] == revisions(site)[0]["missing"]
    assert kept.figures(county.home, row).read_bytes() == moved
    assert kept.figures(county.home, revisions(site)[0]).read_bytes() == first


def test_a_month_stands_beside_what_its_last_day_says_today(site: Site, question: dict[str, Any]) -> None:
    """The second revision's own build knew of the first."""
    first = site.county.home.official(MONTH, 1)
    answer = max((site.county.home.root / "warehouse" / "as_of").glob("2025-07-31_known_*.duckdb"))
    with duckdb.connect(str(answer), read_only=True) as warehouse:
        columns = "month, revision, division_code, indicator_id, indicator, category, numerator, denominator, value"
        changed = warehouse.execute(
            f"SELECT {columns} FROM '{first}' EXCEPT SELECT {columns} FROM marts.official_indicator"
        ).fetchall()
        differing = warehouse.execute(
            "SELECT indicator_id, value_now - value, difference FROM marts.official_indicator "
            "WHERE division_code = '990121000000' AND difference <> 0"
        ).fetchall()
        told = warehouse.execute("SELECT month, is_newest, reason, len(missing) FROM quality.official_month").fetchall()
    assert changed == []
    assert differing and all(difference == apart for _, apart, difference in differing)
    assert told == [(MONTH, True, REASON, 1)]


def test_figures_that_somebody_changed_are_not_taken(site: Site, question: dict[str, Any]) -> None:
    row = revisions(site)[0]
    path: Path = site.county.home.official(MONTH, 1)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1])
    with pytest.raises(kept.LostMonth):
        kept.figures(site.county.home, row)
    path.write_bytes(whole)
    assert kept.figures(site.county.home, row) == path
