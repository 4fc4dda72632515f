"""Airflow's services, as `make up` and the containers start them, over a home with one new file in its inbox."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from clerk import row
from county import County
from safetynet.home import CHECKOUT, county_day, end_of_day, now
from safetynet.orchestrate.services import is_healthy as answers
from safetynet.orchestrate.services import session_members
from tied import tied

pytestmark = pytest.mark.airflow


@pytest.fixture
def county(county: County) -> Iterator[County]:
    """A county whose services do not outlive the test."""
    with tied(county.home.root):
        yield county


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(county: County, port: int) -> dict[str, str]:
    return os.environ | {
        "SAFETYNET_HOME": str(county.home.root),
        "SAFETYNET_INBOX": str(county.home.inbox),
        "SAFETYNET_REFERENCE": str(county.home.reference),
        "SAFETYNET_PORT": str(port),
        "PYTHONPATH": str(CHECKOUT / "plugins"),
    }


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def listening_addresses(processes: list[int]) -> set[str]:
    """Addresses, as the kernel writes them, on which these processes listen."""
    inodes = set()
    for process in processes:
        with suppress(OSError):
            inodes |= {os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in inodes:
                found.add(local.split(":")[0])
    return found


def official_month(county: County) -> set[tuple[str, str]]:
    """Partitions of the DAG of the official month, with the tasks of their runs that have succeeded."""
    with sqlite3.connect(f"file:{county.home.root}/airflow/airflow.db?mode=ro", uri=True) as database:
        return set(
            database.execute(
                "SELECT r.partition_key, t.task_id FROM task_instance t JOIN dag_run r USING (dag_id, run_id) "
                "WHERE dag_id = 'official_month' AND t.state = 'success'"
            ).fetchall()
        )


def test_up_takes_in_what_lies_in_the_inbox_and_down_ends_it_all(
    county: County, unexamined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up, a file through its DAG into the warehouse, its month looked at, nothing open but the loopback, down."""
    last = county_day(now()).replace(day=1) - timedelta(days=1)
    before = last.replace(day=1) - timedelta(days=1)
    with monkeypatch.context() as patch:
        patch.setattr("safetynet.land.landing.now", lambda: end_of_day(before + timedelta(days=2)))
        county.deliver("registry_member", [row("registry_member", 1)], f"表_990121_{before:%Y%m%d}.xlsx")
        county.take_in()
    county.deliver("registry_member", [row("registry_member", 1)], f"表_990121_{last:%Y%m%d}.xlsx")
    settings = environment(county, free_port())

    def command(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "safetynet", name], env=settings, capture_output=True, text=True, timeout=150
        )

    try:
        begun = command("up")
        assert begun.returncode == 0, begun.stdout + begun.stderr
        session = int((county.home.root / "airflow" / "session.pid").read_text())
        assert "already" in command("up").stdout
        wait_until(county.home.current.is_file, 120, "no warehouse was built")
        wait_until(lambda: (f"{last:%Y-%m}", "decide") in official_month(county), 90, "its month woke nobody")
        assert listening_addresses(session_members(session)) == {"0100007F"}
    finally:
        ended = command("down")
    assert "down" in ended.stdout
    assert session_members(session) == []
    assert "not running" in command("down").stdout
    with duckdb.connect(str(county.home.current), read_only=True) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM marts.dim_household").fetchall() == [(1,)]


def test_a_port_that_is_taken_is_told(county: County) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = environment(county, other.getsockname()[1])
        told = subprocess.run([sys.executable, "-m", "safetynet", "up"], env=settings, capture_output=True, text=True)
    assert told.returncode == 1
    assert "is taken" in told.stderr


@contextmanager
def started(command: list[str], settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own, all of which is ended afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=settings, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        for member in session_members(process.pid):
            os.kill(member, signal.SIGKILL)


def test_services_do_not_outlive_tests_that_are_killed(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys, time\nfrom pathlib import Path\nfrom tied import tied\n"
        "with tied(Path(sys.argv[1])):\n"
        "    settings = os.environ | {'SAFETYNET_HOME': sys.argv[1]}\n"
        "    service = subprocess.Popen(['sleep', '60'], env=settings, start_new_session=True)\n"
        "    print(service.pid, flush=True)\n    time.sleep(60)\n"
    )
    settings = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    tests = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], env=settings, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdout is not None
    session = int(tests.stdout.readline())
    assert session_members(session) == [session]
    tests.kill()
    tests.communicate()
    wait_until(lambda: session_members(session) == [], 10, "the service outlived its tests")


def test_containers_components_run_and_become_healthy(county: County, tmp_path: Path) -> None:
    """The commands and health checks of docker-compose.yml, with its settings less the hosts of a set of containers."""
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    port = free_port()
    settings = environment(county, port) | {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'metadata.db'}",
        "AIRFLOW__API__SECRET_KEY": "k" * 64,
        "AIRFLOW__API_AUTH__JWT_SECRET": "k" * 64,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
    }
    stated = {name for name in services["init"]["environment"] if name.startswith("AIRFLOW__")}
    assert stated == {name for name in settings if name.startswith("AIRFLOW__")}

    def component(service: str) -> list[str]:
        return [sys.executable, "-m", *services[service]["command"]]

    def is_healthy(service: str) -> bool:
        check = [sys.executable, *services[service]["healthcheck"]["test"][2:]]
        return subprocess.run(check, env=settings, timeout=30).returncode == 0

    subprocess.run(component("init"), env=settings, check=True, capture_output=True, timeout=90)
    assert not is_healthy("scheduler")
    names = [name for name in services if name not in ("metadata", "init")]
    with (
        started(component(names[0]), settings, tmp_path / names[0]),
        started(component(names[1]), settings, tmp_path / names[1]),
        started(component(names[2]), settings, tmp_path / names[2]),
        started(component(names[3]), settings, tmp_path / names[3]),
    ):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}", "metadatabase"), 90, "the API server does not answer")
        for name in names:
            wait_until(lambda name=name: is_healthy(name), 90, f"{name} did not become healthy")  # type: ignore[misc]
