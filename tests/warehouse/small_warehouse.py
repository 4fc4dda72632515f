"""Builds a small warehouse out of rows that a test writes down.

    def test_something(drop: Drop) -> None:
        drop.batch("registry_member", "2025-06-30", [member(person_name="萧龙", id_number=an_id(1))])
        warehouse = drop.build()  # the fixture `drop` of conftest.py; `module_drop` is built once for a module
        assert warehouse.sql("select count(*) from marts.dim_person").fetchall() == [(1,)]

Rows are dicts by column name; what a row leaves out is null. `_disposition`, `_reasons` and `_findings` (lists of
pairs), `_row_number` say what ingestion made of it. A build takes some seconds: let one drop hold many cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from safetynet.clean.statement import literal
from safetynet.contract import contracts
from safetynet.identify.dbt_plugin import ATTACHED
from safetynet.publish.lake import MARKS, row_columns
from safetynet.warehouse.dbt import THREADS, variables

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
COUNTY = "990121000000"
VILLAGE = "990121100201"
OTHER_VILLAGE = "990121100202"
OTHER_COUNTY = "990122000000"
DIVISIONS = [
    ("990000000000", "云岭省", 1, None),
    ("990100000000", "青溪市", 2, "990000000000"),
    ("990121000000", "松岭县", 3, "990100000000"),
    ("990121100000", "伟溪镇", 4, "990121000000"),
    ("990121100201", "东村", 5, "990121100000"),
    ("990121100202", "西村", 5, "990121100000"),
    ("990122000000", "柏岭县", 3, "990100000000"),
    ("990122100000", "河口镇", 4, "990122000000"),
    ("990122100201", "北村", 5, "990122100000"),
]
Row = Mapping[str, Any]


def an_id(number: int, born: str = "19800101", area: str = "990121", sex: str = "男") -> str:
    """A whole id number: `number` < 500 tells people of one birth date and sex apart."""
    serial = number * 2 + (1 if sex == "男" else 0)
    body = f"{area}{born}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    remainder = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[remainder]


@dataclass
class Drop:
    """What departments delivered, as ingestion would hand it to a build."""

    folder: Path
    target: Path
    policy: list[tuple[Any, ...]] = field(default_factory=list)
    """Rows of policy_parameter, in the order of POLICY_PARAMETER."""
    divisions: list[tuple[str, str, int, str | None]] = field(default_factory=lambda: list(DIVISIONS))
    successors: list[tuple[str, str]] = field(default_factory=list)
    """Division codes that others have taken the place of, and which."""
    repairs: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    _batches: list[dict[str, Any]] = field(default_factory=list)

    def batch(
        self,
        feed: str,
        as_of: str,
        rows: Sequence[Row],
        *,
        scope: str | None = COUNTY,
        received_at: str | None = None,
        verdict: str = "accepted",
        source_file: str | None = None,
    ) -> str:
        """Add a batch and return its id; received on the day after its as-of date unless told otherwise."""
        batch_id = f"{feed}-{as_of}-{len(self._batches):04d}"
        columns = row_columns(contracts()[feed])
        filled = [_filled(row, batch_id, position) for position, row in enumerate(rows, start=4)]
        unknown = {name for row in filled for name in row} - set(columns) - set(MARKS)
        assert not unknown, f"{feed} has no column {unknown}"
        _write(self.folder / "inputs" / "lake" / feed / f"{batch_id}.parquet", columns, filled)
        marks = [row for row in filled if row["disposition"] != "accepted" or row["findings"]]
        _write(self.folder / "inputs" / "marks" / feed / f"{batch_id}.parquet", MARKS, marks)
        dispositions = [row["disposition"] for row in filled]
        received = datetime.fromisoformat(received_at) if received_at else _day_after(as_of)
        self._batches.append(
            {
                "batch_id": batch_id,
                "feed": feed,
                "source_file": source_file or f"{feed}_{as_of}.csv",
                "sha256": f"{len(self._batches):064d}",
                "as_of": date.fromisoformat(as_of),
                "scope": scope,
                "received_at": received,
                "verdict": verdict,
                "reason": None,
                "rows_received": len(filled),
                "rows_accepted": dispositions.count("accepted"),
                "rows_quarantined": dispositions.count("quarantined"),
                "rows_duplicate": dispositions.count("duplicate"),
            }
        )
        return batch_id

    def build(
        self, as_of: str | None = None, *, known_at: str = "2099-01-01", select: str | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run dbt once in this process and return a connection that sees its three files, `current` first."""
        day = (
            as_of
            or max(batch["as_of"] for batch in self._batches if batch["verdict"].startswith("accepted")).isoformat()
        )
        for name in ATTACHED:
            self.built(name).unlink(missing_ok=True)
        self._write_inputs(date.fromisoformat(day), datetime.fromisoformat(known_at))
        arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
        arguments += ["--select", select] if select else []
        self.dbt(*arguments, as_of=day)
        connection = duckdb.connect()
        for name in ATTACHED:
            connection.execute(f"attach {literal(str(self.built(name)))} as {name} (read_only)")
        connection.execute("use current")
        return connection

    def built(self, name: str) -> Path:
        """The file of a build: current, restricted or working."""
        return self.folder / f"a build's {name}.duckdb"

    def dbt(self, *arguments: str, as_of: str) -> None:
        """Run a dbt command over this drop, and fail with what dbt said."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        environment = {
            "SAFETYNET_HOME": str(self.folder / "home"),
            "SAFETYNET_BUILD_AS_OF": as_of,
            "SAFETYNET_BUILD_INPUTS": str(self.folder / "inputs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        } | {variable: str(self.built(name)) for name, variable in ATTACHED.items()}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            result = dbtRunner().invoke(
                [
                    *arguments,
                    *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                    *("--target-path", str(self.target), "--log-path", str(self.folder / "logs")),
                    *("--vars", variables(), "--threads", str(THREADS)),
                    "--quiet",
                ]
            )
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
        results: Any = result.result
        said = [f"{node.node.name}: {node.message}" for node in getattr(results, "results", [])]
        assert result.success, "\n".join([str(result.exception or ""), *said])

    def _write_inputs(self, day: date, known_at: datetime) -> None:
        inputs = self.folder / "inputs"
        for feed in contracts():
            _write(inputs / "lake" / feed / "_empty.parquet", row_columns(contracts()[feed]), [])
            _write(inputs / "marks" / feed / "_empty.parquet", MARKS, [])
        build = {"as_of": day, "known_at": known_at, "models_version": "of a test"}
        _write(inputs / "build.parquet", BUILD, [build])
        batches = [
            batch | {"counts": str(batch["verdict"]).startswith("accepted") and batch["as_of"] <= day}
            for batch in self._batches
            if batch["received_at"] <= known_at
        ]
        _write(inputs / "batch.parquet", BATCH, batches)
        _write(
            inputs / "delivery.parquet",
            DELIVERY,
            [
                {name: batch.get(name) for name in DELIVERY} | {"delivery_id": f"d-{batch['batch_id']}"}
                for batch in batches
            ],
        )
        _write(inputs / "repair.parquet", REPAIR, [dict(zip(REPAIR, row, strict=True)) for row in self.repairs])
        _write(inputs / "expectation_result.parquet", EXPECTATION_RESULT, [])
        _write(inputs / "incident.parquet", INCIDENT, [])
        _write(inputs / "incident_event.parquet", INCIDENT_EVENT, [])
        _write(inputs / "official" / "_empty.parquet", OFFICIAL_INDICATOR, [])
        _write(inputs / "official_month.parquet", OFFICIAL_MONTH, [])
        _write(
            inputs / "division.parquet",
            DIVISION,
            [dict(zip(DIVISION, (*row, None, None), strict=True)) for row in self.divisions],
        )
        _write(
            inputs / "division_successor.parquet",
            {"division_code": "VARCHAR", "successor_code": "VARCHAR"},
            [{"division_code": old, "successor_code": new} for old, new in self.successors],
        )
        for name in ("division_key", "division_former_key"):
            keyed = {"division_code": "VARCHAR", "key_code": "VARCHAR", "merged_on": "DATE"}
            _write(inputs / f"{name}.parquet", keyed, [])
        _write(
            inputs / "policy_parameter.parquet",
            POLICY_PARAMETER,
            [dict(zip(POLICY_PARAMETER, row, strict=True)) for row in self.policy],
        )
        _write(
            inputs / "feed.parquet",
            FEED,
            [
                {
                    "feed": feed,
                    "department": contract.department,
                    "domain": contract.domain,
                    "months_between": contract.months_between,
                    "delivery": contract.delivery,
                    "owner": contract.owner.contact,
                }
                for feed, contract in contracts().items()
            ],
        )


BUILD = {
    "as_of": "DATE",
    "known_at": "TIMESTAMP",
    "models_version": "VARCHAR",
    "divisions_version": "VARCHAR",
    "policy_version": "VARCHAR",
}
INCIDENT = {
    "incident_id": "VARCHAR",
    "feed": "VARCHAR",
    "scope": "VARCHAR",
    "kind": "VARCHAR",
    "what": "VARCHAR",
    "severity": "VARCHAR",
    "owner": "VARCHAR",
    "opened_at": "TIMESTAMP",
}
INCIDENT_EVENT = {"event_id": "BIGINT", "incident_id": "VARCHAR", "at": "TIMESTAMP", "event": "VARCHAR"}
OFFICIAL_INDICATOR = {
    "month": "DATE",
    "revision": "INTEGER",
    "division_code": "VARCHAR",
    "indicator_id": "VARCHAR",
    "indicator": "VARCHAR",
    "category": "VARCHAR",
    "numerator": "BIGINT",
    "denominator": "BIGINT",
    "value": "DOUBLE",
}
OFFICIAL_MONTH = {
    "month": "DATE",
    "revision": "INTEGER",
    "known_at": "TIMESTAMP",
    "reason": "VARCHAR",
    "missing": "STRUCT(feed VARCHAR, scope VARCHAR, period VARCHAR, deadline VARCHAR, state VARCHAR)[]",
    "models_version": "VARCHAR",
    "frozen_at": "TIMESTAMP",
}
BATCH = {
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "source_file": "VARCHAR",
    "sha256": "VARCHAR",
    "as_of": "DATE",
    "scope": "VARCHAR",
    "received_at": "TIMESTAMP",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "rows_received": "BIGINT",
    "rows_accepted": "BIGINT",
    "rows_quarantined": "BIGINT",
    "rows_duplicate": "BIGINT",
    "counts": "BOOLEAN",
}
DELIVERY = {
    "delivery_id": "VARCHAR",
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "source_file": "VARCHAR",
    "received_at": "TIMESTAMP",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "part_key": "VARCHAR",
}
REPAIR = {
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "column_name": "VARCHAR",
    "repair": "VARCHAR",
    "cells": "BIGINT",
}
EXPECTATION_RESULT = {
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "expectation": "VARCHAR",
    "column_name": "VARCHAR",
    "severity": "VARCHAR",
    "success": "BOOLEAN",
    "rows_checked": "BIGINT",
    "rows_failed": "BIGINT",
}
DIVISION = {
    "division_code": "VARCHAR",
    "name": "VARCHAR",
    "level": "INTEGER",
    "parent_code": "VARCHAR",
    "valid_from": "DATE",
    "valid_to": "DATE",
}
POLICY_PARAMETER = {
    "parameter_id": "VARCHAR",
    "division_code": "VARCHAR",
    "population": "VARCHAR",
    "valid_from": "DATE",
    "valid_to": "DATE",
    "value": "DOUBLE",
    "unit": "VARCHAR",
    "is_delivered": "BOOLEAN",
}
FEED = {
    "feed": "VARCHAR",
    "department": "VARCHAR",
    "domain": "VARCHAR",
    "months_between": "INTEGER",
    "delivery": "VARCHAR",
    "owner": "VARCHAR",
}


def _filled(row: Row, batch_id: str, position: int) -> dict[str, Any]:
    pairs = {
        "reasons": [{"column_name": column, "reason": text} for column, text in row.get("_reasons", [])],
        "findings": [{"column_name": column, "finding": text} for column, text in row.get("_findings", [])],
    }
    fixed = {
        "batch_id": batch_id,
        "row_number": row.get("_row_number", position),
        "disposition": row.get("_disposition", "quarantined" if pairs["reasons"] else "accepted"),
    }
    return {name: value for name, value in row.items() if not name.startswith("_")} | fixed | pairs


def _day_after(day: str) -> datetime:
    return datetime.fromisoformat(day) + timedelta(days=1, hours=9)


_SCRATCH = duckdb.connect()


def _write(path: Path, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    _SCRATCH.execute(f"create or replace table t ({declared})")
    if rows:
        places = ", ".join("?" for _ in columns)
        values = [[row.get(name) for name in columns] for row in rows]
        _SCRATCH.executemany(f"insert into t values ({places})", values)
    _SCRATCH.execute(f"copy t to '{path}' (format parquet)")
