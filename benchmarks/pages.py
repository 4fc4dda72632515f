"""How long the pages take over the ledger and the warehouse of a province: `python -m benchmarks.pages`.

1,000 scopes, each with 24 months of every feed, and a warehouse of 110,000 divisions. Pages are asked of the app
itself, without the network and Airflow's own work around them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from safetynet.contract import contracts
from safetynet.home import Home
from safetynet.publish.ledger import Ledger

_TIMES = 5
_CHECKS = 30
_NEWEST = date(2026, 10, 31)
_OF_BATCH = (
    *("batch_id", "feed", "source_file", "sha256", "sheet_key", "as_of", "as_of_source", "scope", "received_at"),
    *("verdict", "reason", "rows_received", "rows_accepted", "rows_quarantined", "rows_duplicate", "is_told"),
)


def _month_ends(months: int) -> list[date]:
    """The last days of so many months up to _NEWEST, oldest first."""
    ends = [_NEWEST]
    for _ in range(months - 1):
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends[::-1]


def _scope(number: int) -> str:
    """The code of a county: 100 to a prefecture."""
    return f"99{number // 100:02d}{number % 100:02d}000000"


def _batches(scopes: int, months: int) -> Iterator[tuple[Any, ...]]:
    for position, feed in enumerate(contracts()):
        for number in range(scopes):
            for month, day in enumerate(_month_ends(months)):
                verdict = "held" if (number + month) % 97 == 0 else "accepted_with_quarantine"
                yield (
                    *(f"{position:02d}{number:05d}{month:03d}", feed, f"{feed}_{day}.csv", "0" * 64, str(number)),
                    *(day.isoformat(), "file_name", _scope(number), f"{day + timedelta(days=4)} 08:00:00.000000"),
                    *(verdict, None, 1000 + number % 50, 990, 10 + number % 50, 0, True),
                )


def _fill_ledger(home: Home, scopes: int, months: int) -> int:
    """Batches of every scope, month and feed, delivered once; checks and repairs of the first feed; incidents."""
    Ledger(home).engine.dispose()
    first, name = next(iter(contracts())), "expect:blank"
    with sqlite3.connect(home.operations) as database:
        database.executemany(
            f"INSERT INTO batch ({', '.join(_OF_BATCH)}) VALUES ({', '.join('?' * len(_OF_BATCH))})",
            _batches(scopes, months),
        )
        database.execute(
            "INSERT INTO delivery SELECT 'd' || batch_id, 'l' || batch_id, batch_id, feed, source_file, received_at, "
            "verdict, reason, '' FROM batch"
        )
        database.executemany(
            "INSERT INTO expectation_result "
            "SELECT batch_id, ?, feed, ?, 'month', 'info', ?, 1000, ? FROM batch WHERE feed = ?",
            [(n, f"{name}{n}", n % 3 > 0, (n % 3 == 0) * n, first) for n in range(_CHECKS)],
        )
        database.executemany(
            "INSERT INTO repair SELECT batch_id, ?, 'spelling', feed, 12 FROM batch WHERE feed = ?",
            [(column, first) for column in contracts()[first].columns],
        )
        database.execute(
            "INSERT INTO incident SELECT 'i' || batch_id, feed, scope, '', 'unusual_volume', 'volume_low', 'critical', "
            "'owner', 'open', received_at, NULL, NULL, NULL, NULL, 1, batch_id, as_of, received_at, NULL "
            "FROM batch WHERE verdict = 'held'"
        )
        ((batches,),) = database.execute("SELECT count(*) FROM batch").fetchall()
    return int(batches)


def _fill_warehouse(home: Home, scopes: int) -> None:
    """Divisions down to ten towns of ten villages in a county, indicators of each, some signals in every village."""
    home.folder("warehouse")
    with duckdb.connect(str(home.current)) as database:
        database.execute(
            f"""
            CREATE SCHEMA marts;
            CREATE TABLE marts.dim_division AS
            WITH codes AS (
                SELECT unnest([
                    printf('99%02d%02d%03d%03d', n // 100, n % 100, town, village),
                    printf('99%02d%02d%03d000', n // 100, n % 100, town), printf('99%02d%02d000000', n // 100, n % 100),
                    printf('99%02d00000000', n // 100), '990000000000'
                ]) AS code, unnest([5, 4, 3, 2, 1]) AS level
                FROM range({scopes}) AS counties(n), range(100, 110) AS towns(town),
                    range(201, 211) AS villages(village)
            )
            SELECT
                code AS division_code, code AS name, min(level) AS level,
                CASE min(level) WHEN 5 THEN left(code, 9) || '000' WHEN 4 THEN left(code, 6) || '000000'
                    WHEN 3 THEN left(code, 4) || '00000000' WHEN 2 THEN '990000000000' END AS parent_code
            FROM codes GROUP BY code;
            CREATE TABLE marts.rule AS
                SELECT 'RULE_' || n AS rule_id, '规则' AS title_zh, 'Rule' AS title_en, 'high' AS severity
                FROM range(17) AS t(n);
            CREATE TABLE marts.signal_history AS
                SELECT 'RULE_' || (s % 17) AS rule_id, division_code,
                    DATE '2025-01-01' + CAST(s * 37 % 600 AS INTEGER) AS opened_on,
                    CASE WHEN s % 3 = 0 THEN DATE '2026-09-01' END AS ended_on, 'open' AS status, NULL AS finding
                FROM marts.dim_division, range(5) AS t(s) WHERE level = 5;
            CREATE TABLE marts.indicator AS
                SELECT 'indicator_' || n AS indicator, '指标' AS title_zh, 'Indicator' AS title_en, false AS is_rate,
                    'type' AS category_is,
                    '' AS meaning_zh, '' AS meaning_en FROM range(13) AS t(n);
            CREATE TABLE marts.division_indicator AS
                SELECT division_code, indicator, category, 10 AS numerator, NULL::BIGINT AS denominator
                FROM marts.dim_division, marts.indicator, (VALUES (NULL), ('a'), ('b'), ('c')) AS categories(category);
            """
        )


def _ask(app: Any, path: str) -> int:
    """Ask the app for a page; returns its length in bytes. Raises RuntimeError where it is not served."""
    split, status, size = urlsplit(path), 0, 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": split.path,
        "raw_path": split.path.encode(),
        "query_string": split.query.encode(),
        "headers": [],
        "root_path": "",
        "scheme": "http",
        "server": ("localhost", 80),
        "http_version": "1.1",
    }
    asyncio.run(app(scope, receive, send))
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    return size


def main() -> None:
    """Fill a home, ask for each page some times, and print the middle time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--scopes", type=int, default=1000)
    parser.add_argument("--months", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="safetynet-bench-") as name:
        root = Path(name)
        os.environ |= {"SAFETYNET_HOME": name, "AIRFLOW_HOME": f"{name}/airflow"}
        home = Home(root, root / "inbox", root / "reference")
        batches = _fill_ledger(home, options.scopes, options.months)
        _fill_warehouse(home, options.scopes)
        from safetynet.pages.app import app, is_actor, may_read

        app.dependency_overrides |= {may_read: lambda: None, is_actor: lambda: True}
        feed = next(iter(contracts()))
        print(f"{options.scopes:,} scopes × {options.months} months × {len(contracts())} feeds: {batches:,} batches")
        print(f"{'page':<12}{'ms':>8}{'processor ms':>15}{'kB':>8}")
        for title, path in {
            "feeds": "/feeds",
            "series": f"/series?feed={feed}&scope={_scope(1)}",
            "batch": f"/batch/{0:02d}{1:05d}{3:03d}",
            "incidents": "/incidents",
            "people": f"/people?division={_scope(1)}",
            "province": "/people",
        }.items():
            _ask(app, path)
            clock, processor = [], []
            for _ in range(_TIMES):
                began, spent = time.perf_counter(), time.process_time()
                size = _ask(app, path)
                clock.append((time.perf_counter() - began) * 1000)
                processor.append((time.process_time() - spent) * 1000)
            print(
                f"{title:<12}{statistics.median(clock):>8.0f}{statistics.median(processor):>15.0f}{size / 1000:>8.0f}"
            )


if __name__ == "__main__":
    main()
