"""`make up` and `make down`: Airflow with its UI on 127.0.0.1, in a session of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from safetynet.home import Home
from safetynet.orchestrate.settings import environment

PORT = int(os.environ.get("SAFETYNET_PORT", "8080"))
_PATIENCE = 120.0


def _record(home: Home) -> Path:
    return home.folder("airflow") / "session.pid"


def _running(home: Home) -> int | None:
    """The process group of the services, None where they do not run."""
    try:
        group = int(_record(home).read_text())
        os.killpg(group, 0)
    except (OSError, ValueError):
        return None
    return group


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=2) as answer:  # noqa: S310  (loopback)
            return bool(json.load(answer)["scheduler"]["status"] == "healthy")
    except (OSError, ValueError, KeyError):
        return False


def up(home: Home) -> int:
    """Start the services and wait until they answer; returns 0, or 1 when they did not."""
    url = f"http://127.0.0.1:{PORT}"
    home.folder("inbox")
    if _running(home):
        print(f"Airflow is up at {url} · 已在运行")
        return 0
    settings = os.environ | environment(home) | {"AIRFLOW__API__PORT": str(PORT), "AIRFLOW__API__BASE_URL": url}
    settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = f"{url}/execution/"
    log = home.folder("airflow", "logs") / "services.log"
    print("Starting Airflow (about half a minute) · 正在启动 Airflow")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _record(home).write_text(str(process.pid))
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if _is_healthy(url):
            break
        if process.poll() is not None:
            print(f"Airflow stopped, see {log} · 启动失败，请看日志", file=sys.stderr)
            return 1
        time.sleep(1)
    else:
        print(f"Airflow does not answer yet, see {log} · 尚未就绪，请看日志", file=sys.stderr)
        return 1
    passwords = home.root / "airflow" / "passwords.json"
    print(f"Airflow is up at {url} · 已启动")
    print(f"User admin, password in {passwords} · 用户 admin，密码在该文件中")
    print(f"Put files into {home.inbox}/<feed>/ · 把文件放入该文件夹；make down stops it · 用 make down 停止")
    return 0


def down(home: Home) -> int:
    """End the services' whole session, politely first."""
    group = _running(home)
    if group is None:
        print("Airflow is not running · 没有在运行")
        return 0
    for stop, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(group, stop)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _running(home):
            time.sleep(0.3)
        if not _running(home):
            break
    _record(home).unlink(missing_ok=True)
    print("Airflow is down · 已停止")
    return 0
