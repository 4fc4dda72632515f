"""Events of a build of the warehouse: one run for each model, out of what dbt wrote of its last invocation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetynet.lineage.deliveries import lake
from safetynet.lineage.events import Event, State, dataset, facets, parent, parent_of_task, run_events, run_id, schema

_JOB = "warehouse"
_BUILT = ("model", "seed")
_STATES: dict[str, State] = {"success": "COMPLETE", "skipped": "ABORT"}

Node = Mapping[str, Any]


def _read(path: Path) -> Node:
    try:
        read: Node = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return read


def last_invocation(target: Path) -> tuple[str, list[Event]]:
    """The id of dbt's last build and its events; ('', nothing) where there is none that is whole.

    Nothing of what the database answered is told: only names, types and times.
    """
    manifest, results = _read(target / "manifest.json"), _read(target / "run_results.json")
    invocation = results.get("metadata", {}).get("invocation_id", "")
    if not invocation or not manifest:
        return "", []
    nodes = {**manifest["nodes"], **manifest["sources"]}
    built = [each for each in results["results"] if nodes.get(each["unique_id"], {}).get("resource_type") in _BUILT]
    ended = results["metadata"]["generated_at"]
    events = [event for each in built for event in _of_node(nodes, each, invocation, ended)]
    failed = any(each["status"] not in ("success", "pass") for each in results["results"])
    whole = run_events(
        _JOB,
        run_id(_JOB, invocation),
        "FAIL" if failed else "COMPLETE",
        (results["metadata"]["invocation_started_at"], ended),
        run_facets=parent_of_task(),
        integration="DBT",
        kind="JOB",
    )
    return invocation, [whole[0], *events, whole[1]]


def _name(node: Node) -> str:
    """The dataset that a table of the warehouse is; what ingestion writes under the name that it has there."""
    if node["resource_type"] != "source":
        return f"{node['schema']}.{node['name']}"
    return lake(node["name"]) if node["source_name"] == "lake" else f"{node['source_name']}.{node['name']}"


def _origins(nodes: Mapping[str, Node], node: Node) -> Iterator[str]:
    """Names of what a model reads, through models that are no tables of their own."""
    for unique_id in node.get("depends_on", {}).get("nodes", []):
        above = nodes.get(unique_id)
        if above is None:
            continue
        if above.get("config", {}).get("materialized") == "ephemeral":
            yield from _origins(nodes, above)
        else:
            yield _name(above)


def _of_node(nodes: Mapping[str, Node], result: Node, invocation: str, ended: str) -> list[Event]:
    node = nodes[result["unique_id"]]
    ran: Node = next((each for each in result["timing"] if each["name"] == "execute"), {})
    columns = [(name, column.get("data_type") or "") for name, column in node["columns"].items()]
    return run_events(
        f"{_JOB}.{node['name']}",
        run_id(_JOB, invocation, result["unique_id"]),
        _STATES.get(result["status"], "FAIL"),
        (ran.get("started_at") or ended, ran.get("completed_at") or ended),
        [dataset(name) for name in sorted(set(_origins(nodes, node)))],
        [dataset(_name(node), facets=facets(schema=schema(columns)) if columns else {})],
        run_facets=parent(_JOB, run_id(_JOB, invocation)),
        integration="DBT",
        kind=node["resource_type"].upper(),
    )
