"""`make up` and `make down`: Airflow with its UI on 127.0.0.1, in a session of its own.

Run as a module it is the supervisor: it starts the components, and ends them all when it is told to or when one ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from safetynet.home import Home
from safetynet.orchestrate.metadata import finish_migration, start_cleaning, start_migration
from safetynet.orchestrate.settings import environment
from safetynet.retention import begin_anew

COMPONENTS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)
"""In the order of their start, which is undone backwards, for every task speaks with the API server. Without the log
servers, which would listen on every address; logs are read from the home."""

PORT = int(os.environ.get("SAFETYNET_PORT") or "8080")
_PATIENCE = 120.0


def _record(home: Home) -> Path:
    return home.folder("airflow") / "session.pid"


def session_members(session: int) -> list[int]:
    """Processes of a session that are alive."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, of_session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of_session) == session and state != "Z":
                found.append(int(process.name))
    return found


def _running(home: Home) -> int | None:
    """The session of the services, None where they do not run."""
    try:
        session = int(_record(home).read_text())
        command = Path(f"/proc/{session}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return session if __name__.encode() in command else None


def _is_taken() -> bool:
    """Whether something listens on the port already."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def is_healthy(url: str, part: str = "scheduler") -> bool:
    """Whether Airflow's API server says so of one of its parts: metadatabase, scheduler, dag_processor, triggerer."""
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  (our own)
            return bool(json.load(answer)[part]["status"] == "healthy")
    except (OSError, ValueError, KeyError):
        return False


def up(home: Home) -> int:
    """Start the services and wait until they answer; returns 0, or 1 when they did not."""
    url = f"http://127.0.0.1:{PORT}"
    home.folder("inbox")
    if _running(home):
        print("Airflow is up already; make down stops it · 已在运行，用 make down 停止")
        return 0
    if _is_taken():
        print(f"Port {PORT} is taken; choose another with SAFETYNET_PORT · 端口 {PORT} 已被占用", file=sys.stderr)
        return 1
    print("Starting Airflow (about half a minute) · 正在启动 Airflow")
    finish_migration(home, start_migration(home))
    settings = os.environ | environment(home) | {"AIRFLOW__API__PORT": str(PORT), "AIRFLOW__API__BASE_URL": url}
    settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = f"{url}/execution/"
    log = begin_anew(home.folder("airflow", "logs") / "services.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _record(home).write_text(str(process.pid))
    deadline = time.monotonic() + _PATIENCE
    while not (is_healthy(url, "scheduler") and is_healthy(url, "dag_processor")):
        if process.poll() is not None or time.monotonic() > deadline:
            print(f"Airflow did not start, see {log} · 启动失败，请看日志", file=sys.stderr)
            down(home)
            return 1
        time.sleep(1)
    print(f"Airflow is up at {url} · 已启动")
    print(f"User admin, password in {home.root / 'airflow' / 'passwords.json'} · 用户 admin，密码在该文件中")
    print(f"Put files into {home.inbox}/<feed>/ · 把文件放入该文件夹；make down stops it · 用 make down 停止")
    return 0


def down(home: Home) -> int:
    """End the services' whole session, politely first."""
    session = _running(home)
    if session is None:
        print("Airflow is not running · 没有在运行")
        return 0
    os.kill(session, signal.SIGTERM)
    deadline = time.monotonic() + 20.0
    while session_members(session) and time.monotonic() < deadline:
        time.sleep(0.3)
    for member in session_members(session):
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    _record(home).unlink(missing_ok=True)
    print("Airflow is down · 已停止")
    return 0


def supervise() -> int:
    """Run the components until SIGTERM comes or one of them ends, then end them all; returns 0, or 1 when one ended."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    url = os.environ["AIRFLOW__API__BASE_URL"]
    running: list[subprocess.Popen[bytes]] = []
    home, cleaning = Home.from_environment(), None
    while not told and all(process.poll() is None for process in running):
        if not running or (len(running) < len(COMPONENTS) and is_healthy(url, "metadatabase")):
            running.append(subprocess.Popen([sys.executable, "-m", "airflow", *COMPONENTS[len(running)]]))
        if len(running) == len(COMPONENTS) and (cleaning is None or cleaning.poll() is not None):
            cleaning = start_cleaning(home)
        time.sleep(0.5)
    for process in reversed(running):
        process.terminate()
        process.wait()
    return 0 if told else 1


if __name__ == "__main__":
    sys.exit(supervise())
