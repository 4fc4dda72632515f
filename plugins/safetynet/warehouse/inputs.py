"""The inputs of one build, laid out as Parquet: the batches that were known, and the reference tables in force."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet import reference
from safetynet.contract import DEPARTMENTS, contracts
from safetynet.home import CHECKOUT, Home
from safetynet.identify import model
from safetynet.official import kept
from safetynet.publish import history, lake, ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

_VERSION = 12
"""Hexadecimal digits by which a version is told from another."""

_BUILD: dict[str, Any] = {
    "as_of": pl.Date,
    "known_at": pl.Datetime("us"),
    "models_version": pl.String,
    "divisions_version": pl.String,
    "policy_version": pl.String,
}
_BATCH: dict[str, Any] = {
    "batch_id": pl.String,
    "feed": pl.String,
    "source_file": pl.String,
    "sha256": pl.String,
    "as_of": pl.Date,
    "scope": pl.String,
    "received_at": pl.Datetime("us"),
    "verdict": pl.String,
    "reason": pl.String,
    "rows_received": pl.Int64,
    "rows_accepted": pl.Int64,
    "rows_quarantined": pl.Int64,
    "rows_duplicate": pl.Int64,
    "counts": pl.Boolean,
}
_DELIVERY: dict[str, Any] = {
    "delivery_id": pl.String,
    "batch_id": pl.String,
    "feed": pl.String,
    "source_file": pl.String,
    "received_at": pl.Datetime("us"),
    "verdict": pl.String,
    "reason": pl.String,
    "part_key": pl.String,
}
_REPAIR: dict[str, Any] = {
    "batch_id": pl.String,
    "feed": pl.String,
    "column_name": pl.String,
    "repair": pl.String,
    "cells": pl.Int64,
}
_EXPECTATION_RESULT: dict[str, Any] = {
    "batch_id": pl.String,
    "feed": pl.String,
    "expectation": pl.String,
    "column_name": pl.String,
    "severity": pl.String,
    "success": pl.Boolean,
    "rows_checked": pl.Int64,
    "rows_failed": pl.Int64,
}

_INCIDENT: dict[str, Any] = {
    "incident_id": pl.String,
    "feed": pl.String,
    "scope": pl.String,
    "kind": pl.String,
    "what": pl.String,
    "severity": pl.String,
    "owner": pl.String,
    "opened_at": pl.Datetime("us"),
}
_INCIDENT_EVENT: dict[str, Any] = {
    "event_id": pl.Int64,
    "incident_id": pl.String,
    "at": pl.Datetime("us"),
    "event": pl.String,
}


_OFFICIAL_INDICATOR: dict[str, Any] = {
    "month": pl.Date,
    "revision": pl.Int32,
    "division_code": pl.String,
    "indicator_id": pl.String,
    "indicator": pl.String,
    "category": pl.String,
    "numerator": pl.Int64,
    "denominator": pl.Int64,
    "value": pl.Float64,
}
_OFFICIAL_MONTH: dict[str, Any] = {
    "month": pl.Date,
    "revision": pl.Int32,
    "known_at": pl.Datetime("us"),
    "reason": pl.String,
    "missing": pl.List(
        pl.Struct(
            {"feed": pl.String, "scope": pl.String, "period": pl.String, "deadline": pl.String, "state": pl.String}
        )
    ),
    "models_version": pl.String,
    "frozen_at": pl.Datetime("us"),
}


def _write(path: Path, schema: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    columns = {name: [_plain(row[name]) for row in rows] for name in schema}
    pl.DataFrame(columns, schema=schema).write_parquet(path)


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


class LostBatch(RuntimeError):
    """A lake file of a batch in the ledger is gone; a build without it would lose its rows in silence."""


def _link(source: Path, target: Path) -> None:
    if not source.is_file():
        raise LostBatch(f"the lake file of batch {source.stem} is gone: make retake BATCH={source.stem}")
    try:
        os.link(source, target)
    except OSError:
        target.symlink_to(source)


def lay_out(home: Home, store: Ledger, folder: Path, as_of: date, known_at: datetime) -> None:
    """Write the inputs of the build of `as_of` as known at `known_at` into a folder.

    Every division in them is called as on `as_of`: scopes here, rows in the lake by `division_successor`.
    """
    divisions = reference.divisions(home, store, known_at)
    successors = reference.successors(divisions, as_of)
    now = dict(successors.iter_rows())
    batches = [
        row
        | {
            "counts": row["verdict"] in ACCEPTED and row["as_of"] <= as_of,
            "scope": now.get(row["scope"], row["scope"]),
        }
        for row in history.batches(store, known_at)
    ]
    known = {row["batch_id"] for row in batches}
    empty = {}
    for feed, contract in contracts().items():
        for kind, columns in (("lake", lake.row_columns(contract)), ("marks", lake.MARKS)):
            (folder / kind / feed).mkdir(parents=True)
            empty[folder / kind / feed / "_empty.parquet"] = columns
    lake.write_empty(empty)
    for row in batches:
        feed, batch_id = row["feed"], row["batch_id"]
        _link(home.batch_rows(feed, batch_id), folder / "lake" / feed / f"{batch_id}.parquet")
        _link(home.batch_marks(feed, batch_id), folder / "marks" / feed / f"{batch_id}.parquet")
    _write(folder / "batch.parquet", _BATCH, batches)
    _write(folder / "delivery.parquet", _DELIVERY, history.deliveries(store, known_at))
    for name, schema, table in (
        ("repair", _REPAIR, ledger.repair),
        ("expectation_result", _EXPECTATION_RESULT, ledger.expectation_result),
    ):
        _write(
            folder / f"{name}.parquet",
            schema,
            [row for row in store.rows(sa.select(table)) if row["batch_id"] in known],
        )
    _lay_out_incidents(store, folder, known_at)
    _lay_out_official(home, store, folder, known_at)
    successors.write_parquet(folder / "division_successor.parquet")
    reference.key_codes(divisions, as_of).write_parquet(folder / "division_key.parquet")
    reference.former_key_codes(divisions, as_of).write_parquet(folder / "division_former_key.parquet")
    is_of_the_date = ~pl.col("division_code").is_in(list(now)) & (pl.col("valid_from") <= as_of).fill_null(value=True)
    divisions.filter(is_of_the_date).drop("successor_code").write_parquet(folder / "division.parquet")
    policy = reference.policy_parameters(home, store, known_at)
    reference.renamed(policy, successors).write_parquet(folder / "policy_parameter.parquet")
    feeds = [
        {
            "feed": feed.feed,
            "department": feed.department,
            "domain": feed.domain,
            "months_between": feed.months_between,
            "delivery": feed.delivery,
            "owner": feed.owner.department.en,
        }
        for feed in contracts().values()
    ]
    pl.DataFrame(feeds).write_parquet(folder / "feed.parquet")
    build = {
        "as_of": as_of,
        "known_at": known_at.astimezone(UTC),
        "models_version": models_version(),
        "divisions_version": _short(reference.version(store, reference.DIVISIONS, known_at)),
        "policy_version": _short(reference.version(store, reference.POLICY_PARAMETERS, known_at)),
    }
    _write(folder / "build.parquet", _BUILD, [build])


def _short(sha256: str | None) -> str | None:
    return sha256[:_VERSION] if sha256 else None


def models_version() -> str:
    """Changes whenever a model, a seed, a contract or the model of linking does."""
    digest = hashlib.sha256()
    for path in sorted([*(CHECKOUT / "dbt_project").rglob("*"), *DEPARTMENTS.rglob("*"), model.PATH]):
        if path.suffix in (".sql", ".yml", ".csv", ".py", ".json"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:_VERSION]


def _lay_out_incidents(store: Ledger, folder: Path, known_at: datetime) -> None:
    """Write the incidents that were open by a moment, and what happened to them until then."""
    incident, event = ledger.incident, ledger.incident_event
    _write(
        folder / "incident.parquet", _INCIDENT, store.rows(sa.select(incident).where(incident.c.opened_at <= known_at))
    )
    events = store.rows(sa.select(event).where(event.c.at <= known_at).order_by(event.c.event_id))
    _write(folder / "incident_event.parquet", _INCIDENT_EVENT, events)


def _lay_out_official(home: Home, store: Ledger, folder: Path, known_at: datetime) -> None:
    """Link the figures of the months that were frozen by a moment, and write down what is known of each."""
    (folder / "official").mkdir()
    pl.DataFrame(schema=_OFFICIAL_INDICATOR).write_parquet(folder / "official" / "_empty.parquet")
    months = kept.known(store, known_at)
    for month in months:
        path = kept.figures(home, month)
        _link(path, folder / "official" / path.name)
    _write(folder / "official_month.parquet", _OFFICIAL_MONTH, months)


def fingerprint(store: Ledger, as_of: date, known_at: datetime) -> str:
    """Changes whenever a build of `as_of` would be another: batches, verdicts, references, frozen months, models."""
    batches = [(row["batch_id"], row["verdict"], row["as_of"].isoformat()) for row in history.batches(store, known_at)]
    deliveries = [row["delivery_id"] for row in history.deliveries(store, known_at)]
    references = [
        reference.version(store, name, known_at) for name in (reference.DIVISIONS, reference.POLICY_PARAMETERS)
    ]
    months = [(row["month"].isoformat(), row["revision"]) for row in kept.known(store, known_at)]
    inputs = [as_of.isoformat(), batches, deliveries, references, months, models_version()]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
