"""Lineage: from the landed file to the marts, in OpenLineage's form, to a file and to a server, without values."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from clerk import an_id, name, row, rows
from county import County
from lineage.openlineage import faults
from safetynet import tasks
from safetynet.lineage import journal
from safetynet.lineage.events import dataset, facets, parent, run_events, run_id, schema
from safetynet.warehouse import build

REGISTRY, CARE = "registry_member", "health_chronic_disease"
PLANTED = [name(1), an_id(1), "13987654321", "因车祸致残的秘密", "李医生", an_id(7)]
KEY = "the-key-of-the-server"

Event = dict[str, Any]


@pytest.fixture
def county(county: County, monkeypatch: pytest.MonkeyPatch) -> County:
    for setting in ("root", "inbox", "reference"):
        variable = "HOME" if setting == "root" else setting.upper()
        monkeypatch.setenv(f"SAFETYNET_{variable}", str(getattr(county.home, setting)))
    return county


def take_in(county: County) -> None:
    for landing_id in county.land():
        tasks.take_in_file(landing_id)


def events(county: County) -> list[Event]:
    files = sorted((county.home.root / "lineage").glob("*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _facets(event: Event) -> set[str]:
    """Names of the facets of an event."""
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    return {name for each in holders for kind in ("facets", "outputFacets") for name in each.get(kind, {})}


def downstream(told: list[Event], of: str) -> set[str]:
    """Datasets that hang on one, through any number of runs."""
    edges = {
        (each["name"], target["name"]) for event in told for each in event["inputs"] for target in event["outputs"]
    }
    found, wave = set(), {of}
    while wave:
        wave = {target for source, target in edges if source in wave} - found
        found |= wave
    return found


@contextmanager
def server(answers: list[int]) -> Iterator[tuple[str, list[tuple[str, str, Event]]]]:
    """An OpenLineage server that gives these answers, the last one for ever."""
    taken: list[tuple[str, str, Event]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = answers.pop(0) if len(answers) > 1 else answers[0]
            if status < 300:
                taken.append((self.path, self.headers["Authorization"], body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", taken
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def test_a_file_is_followed_to_the_marts(county: County, caplog: pytest.LogCaptureFixture, unexamined: None) -> None:
    given = [row(REGISTRY, 1, phone="13987654321", main_risk="因车祸致残的秘密"), *rows(REGISTRY, 3, first=2)]
    county.deliver(REGISTRY, given, f"{an_id(7)}家_20250630.xlsx")
    county.deliver(CARE, [row(CARE, 1, family_doctor="李医生")])
    county.deliver(CARE, rows(CARE, 1), "rejected_20250630.csv", {"disease": None})
    take_in(county)
    build.build(county.home, county.store, build.target(county.home, county.store))
    tasks.tell_lineage()
    told = events(county)
    tasks.tell_lineage()
    assert events(county) == told, "a build is told once"

    assert {fault for event in told for fault in faults(event)} == set()
    assert {facet for event in told for facet in _facets(event)} == {
        *("columnLineage", "jobType", "outputStatistics", "parent", "schema")
    }

    landed = f"landing/{REGISTRY}/{'*' * 18}家_20250630.xlsx"
    reached = downstream(told, landed)
    assert {f"lake.{REGISTRY}", "staging.stg_registry__member", "marts.dim_person", "marts.risk_signal"} <= reached
    assert "staging.stg_registry__member" not in downstream(told, f"landing/{CARE}/{CARE}_20250630.csv")
    assert downstream(told, f"landing/{CARE}/rejected_20250630.csv") == set()

    runs: dict[str, list[str]] = {}
    for event in told:
        assert event["job"]["namespace"] == "safetynet"
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert {tuple(types) for types in runs.values()} == {("START", "COMPLETE"), ("START", "FAIL")}

    (lake,) = {
        json.dumps(output["facets"]["columnLineage"]["fields"]["id_number"], ensure_ascii=False)
        for event in told
        for output in event["outputs"]
        if output["name"] == f"lake.{REGISTRY}"
    }
    assert "证件号码" in lake and landed in lake
    (person,) = (o for event in told for o in event["outputs"] if o["name"] == "marts.dim_person")
    assert "person_key" in [field["name"] for field in person["facets"]["schema"]["fields"]]

    text = json.dumps(told, ensure_ascii=False) + caplog.text
    assert [planted for planted in PLANTED if planted in text] == []
    for file in (county.home.root / "lineage").iterdir():
        assert file.stat().st_mode & 0o177 == 0 or file.name == ".told"


def test_a_failed_build_is_told_without_what_the_database_said(county: County) -> None:
    target = county.home.folder("dbt", "target")
    model = {"resource_type": "model", "schema": "marts", "name": "dim_person", "columns": {}, "config": {}}
    made = {
        "invocation_id": "1",
        "invocation_started_at": "2025-07-01T00:00:00Z",
        "generated_at": "2025-07-01T00:00:02Z",
    }
    (target / "manifest.json").write_text(json.dumps({"nodes": {"model.m": model}, "sources": {}}))
    step = {"name": "execute", "started_at": "2025-07-01T00:00:00Z", "completed_at": "2025-07-01T00:00:01Z"}
    answer = {"unique_id": "model.m", "status": "error", "message": f"no date: {PLANTED[1]}", "timing": [step]}
    (target / "run_results.json").write_text(json.dumps({"metadata": made, "results": [answer]}))
    journal.tell(county.home)
    told = events(county)
    assert [(event["job"]["name"], event["eventType"]) for event in told] == [
        ("warehouse", "START"),
        ("warehouse.dim_person", "START"),
        ("warehouse.dim_person", "FAIL"),
        ("warehouse", "FAIL"),
    ]
    assert PLANTED[1] not in json.dumps(told)
    assert [fault for event in told for fault in faults(event)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("eventType",), "DONE"),
        (("eventTime",), "2025-07-01"),
        (("producer",), "safetynet"),
        (("run", "runId"), "1"),
        (("job", "name"), None),
        (("job", "facets", "jobType", "integration"), 1),
        (("run", "facets", "parent", "run"), {}),
        (("outputs", 0, "facets", "schema", "fields", 0), {"type": "text"}),
        (("outputs", 0, "facets", "columnLineage", "fields", "a", "inputFields", 0, "name"), None),
        (("outputs", 0, "outputFacets", "outputStatistics", "rowCount"), "many"),
    ],
)
def test_the_schemas_of_openlineage_find_a_fault(place: tuple[str | int, ...], value: object) -> None:
    origin = {"fields": {"a": {"inputFields": [{"namespace": "safetynet", "name": "file", "field": "甲"}]}}}
    written = facets(schema=schema([("a", "text")]), columnLineage=origin)
    output = dataset("t", facets=written, outputFacets=facets(outputStatistics={"rowCount": 1}))
    moment = "2025-07-01T00:00:00Z"
    told = run_events(
        *("job", run_id("job"), "COMPLETE", (moment, moment), [dataset("file")], [output]),
        run_facets=parent("above", run_id("above")),
        integration="AIRFLOW",
        kind="TASK",
    )
    (_, event) = told
    assert [faults(each) for each in told] == [[], []]
    event = json.loads(json.dumps(event))
    within: Any = event
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    assert faults(event) != []


def test_a_server_gets_every_event_once_it_answers(
    county: County, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, unexamined: None
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", KEY)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    county.deliver(CARE, rows(CARE, 2))
    take_in(county)
    tasks.tell_lineage()
    with server([201, 503, 201]) as (url, taken):
        monkeypatch.setenv("OPENLINEAGE_URL", url)
        tasks.tell_lineage()
        assert len(taken) == 1
        tasks.tell_lineage()
        tasks.tell_lineage()
    assert [event for _, _, event in taken] == events(county)
    assert {(path, key) for path, key, _ in taken} == {("/api/v1/lineage", f"Bearer {KEY}")}
    assert KEY not in caplog.text and "ConnectionRefusedError" in caplog.text
