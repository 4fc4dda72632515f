"""Airflow's API server over a home in whose files people stand in every place where a clerk can put them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from clerk import rows
from county import County
from faults.test_leaks import plant
from safetynet.orchestrate.metadata import finish_migration, start_migration
from safetynet.orchestrate.services import is_healthy
from safetynet.orchestrate.settings import environment
from safetynet.publish import ledger
from safetynet.warehouse.build import build, target
from tied import tied

PASSWORDS = {"admin": "of-admin", "reader": "of-reader"}
INCIDENT = "1" * 12


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    text: str
    headers: dict[str, str]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class Site:
    """Airflow's API server, asked as a browser asks it."""

    url: str
    county: County
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, user: str) -> str:
        """The token of a user who logs in."""
        if user not in self.tokens:
            request = urllib.request.Request(
                f"{self.url}/auth/token",
                json.dumps({"username": user, "password": PASSWORDS[user]}).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                self.tokens[user] = json.load(answer)["access_token"]
        return self.tokens[user]

    def ask(
        self,
        path: str,
        user: str | None = "admin",
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask for a page of the plugin with the session cookie of a user; None: of nobody. A form is posted."""
        request = urllib.request.Request(f"{self.url}/safetynet/{path}", headers=headers or {})
        if form is not None:
            request.data = urlencode(form).encode()
        if user:
            request.add_header("Cookie", f"_token={self.token(user)}")
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
                return Answer(answer.status, answer.read().decode(errors="replace"), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), dict(error.headers))


def an_incident(incident_id: str, **differs: object) -> dict[str, object]:
    """An incident as a batch that was held opens it."""
    moment = datetime(2025, 7, 1, 1, tzinfo=UTC)
    return {
        "incident_id": incident_id,
        "feed": "registry_member",
        "scope": "990121000000",
        "kind": "unusual_volume",
        "what": "volume_low",
        "severity": "critical",
        "owner": "SAFETYNET_ALERT_REGISTRY",
        "status": "open",
        "opened_at": moment,
        "batches": 1,
        "last_seen_at": moment,
    } | differs


def held(site: Site) -> tuple[str, str]:
    """Batch and delivery of a new file that is held, for it is of a day to come."""
    number = len(site.county.ledger(ledger.batch))
    site.county.deliver("registry_member", rows("registry_member", 2, first=100 + number), f"{number}_20991231.xlsx")
    (outcome,) = site.county.take_in()
    assert outcome.batch_id and outcome.verdict == "held"
    return outcome.batch_id, outcome.delivery_id


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server over a county with good files, spoiled ones, a warehouse and an incident."""
    root = tmp_path_factory.mktemp("pages")
    county = County(root)
    migration = start_migration(county.home)
    plant(county)
    county.deliver("registry_member", rows("registry_member", 30, first=50), "全县_990121_20250531.xlsx")
    county.take_in()
    finish_migration(county.home, migration)
    with served(county, root / "server.log") as site:
        build(county.home, county.store, target(county.home, county.store))
        with county.store.transaction() as connection:
            connection.execute(sa.insert(ledger.incident).values(an_incident(INCIDENT)))
        deadline = time.monotonic() + 90
        while not is_healthy(site.url, "metadatabase"):
            assert time.monotonic() < deadline, (root / "server.log").read_text()
            time.sleep(0.3)
        yield site


@pytest.fixture(scope="session")
def dear(site: Site) -> dict[str, str]:
    """Incident and batch of a file whose amounts are a hundred times those of the six before it."""
    feed = "health_settlement"
    for month in range(1, 8):
        dear = {"out_of_pocket": "12330", "total_cost": "12453.30"} if month == 7 else {}
        given = [{**each, "settled_on": f"2025-{month:02d}-02"} | dear for each in rows(feed, 60)]
        site.county.deliver(feed, given, f"结算_990122_2025{month:02d}28.csv")
        (outcome,) = site.county.take_in()
    (found,) = (row for row in site.county.ledger(ledger.incident) if row["kind"] == "distribution")
    return {"incident": found["incident_id"], "batch": str(outcome.batch_id)}


@contextmanager
def served(county: County, log: Path) -> Iterator[Site]:
    """Airflow's API server over a county's home; it needs a while until it answers."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    settings = os.environ | environment(county.home)
    settings |= {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,reader:viewer",
    }
    Path(settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]).write_text(json.dumps(PASSWORDS))
    command = [sys.executable, "-m", "airflow", "api-server", "--workers", "1"]
    with tied(county.home.root), log.open("wb") as output:
        server = subprocess.Popen(command, env=settings, stdout=output, stderr=output)
        try:
            yield Site(url, county)
        finally:
            server.terminate()
            server.wait(20)
