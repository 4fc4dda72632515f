"""The form of an OpenLineage event (https://openlineage.io/spec/2-0-2/OpenLineage.json), and the ids in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

Event = dict[str, Any]
State = Literal["COMPLETE", "FAIL", "ABORT"]

_PRODUCER = "urn:safetynet:0.1.0"
_SPEC = "https://openlineage.io/spec"
_FACETS = {
    "columnLineage": "facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet",
    "jobType": "facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
    "outputStatistics": "facets/1-0-2/OutputStatisticsOutputDatasetFacet.json"
    "#/$defs/OutputStatisticsOutputDatasetFacet",
    "parent": "facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet",
    "schema": "facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet",
}
_OURS = uuid.UUID("6f1a0c1e-7b0e-5c7e-9a55-5afe7de70001")


def namespace() -> str:
    """Whose jobs and datasets these are: OPENLINEAGE_NAMESPACE, else safetynet."""
    return os.environ.get("OPENLINEAGE_NAMESPACE") or "safetynet"


def run_id(*names: str) -> str:
    """The id of a run, the same whenever it is told of."""
    return str(uuid.uuid5(_OURS, "\0".join(names)))


def facets(**given: Mapping[str, Any]) -> dict[str, Any]:
    """Facets by name, each with its producer and schema."""
    return {
        name: {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/{_FACETS[name]}", **content}
        for name, content in given.items()
    }


def dataset(name: str, **further: Any) -> dict[str, Any]:
    """A file or table; `further` are its facets, inputFacets or outputFacets."""
    return {"namespace": namespace(), "name": name, **further}


def schema(fields: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """The schema facet of (column, type) pairs."""
    return {"fields": [{"name": name, "type": kind} for name, kind in fields]}


def parent_of_task() -> dict[str, Any]:
    """The parent facet of the Airflow DAG run whose task this is; nothing outside one."""
    dag, run = os.environ.get("AIRFLOW_CTX_DAG_ID"), os.environ.get("AIRFLOW_CTX_DAG_RUN_ID")
    return parent(dag, run_id(dag, run)) if dag and run else {}


def parent(job: str, run: str) -> dict[str, Any]:
    """The parent facet of a run of a job."""
    return facets(parent={"run": {"runId": run}, "job": {"namespace": namespace(), "name": job}})


def run_events(
    job: str,
    run: str,
    state: State,
    times: tuple[datetime | str, datetime | str],
    inputs: Sequence[dict[str, Any]] = (),
    outputs: Sequence[dict[str, Any]] = (),
    *,
    run_facets: Mapping[str, Any] | None = None,
    integration: str,
    kind: str,
) -> list[Event]:
    """The two events of a run that began and ended at `times`; what it read and wrote stands in the second."""
    job_type = facets(jobType={"processingType": "BATCH", "integration": integration, "jobType": kind})
    common = {
        "producer": _PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": dict(run_facets or {})},
        "job": {"namespace": namespace(), "name": job, "facets": job_type},
    }
    began, ended = (time if isinstance(time, str) else time.isoformat() for time in times)
    return [
        {"eventType": "START", "eventTime": began, **common, "inputs": [], "outputs": []},
        {"eventType": state, "eventTime": ended, **common, "inputs": list(inputs), "outputs": list(outputs)},
    ]
