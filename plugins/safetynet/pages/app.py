"""The FastAPI app of the pages; every endpoint asks for Airflow's own login, and none writes but what people decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from airflow.api_fastapi.core_api.security import GetUserDep, get_auth_manager, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, FastAPI, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response

from safetynet.contract import IncidentKind, contracts
from safetynet.home import Home, county_day, now
from safetynet.official import kept
from safetynet.official import month as months
from safetynet.pages import (
    batch,
    charts,
    decisions,
    distribution,
    divisions,
    feeds,
    incidents,
    lineage,
    people,
    warehouse,
)
from safetynet.pages.screen import FOLDER, render
from safetynet.publish import ledger
from safetynet.publish.form import NewerLedger
from safetynet.publish.ledger import Ledger

ASSETS = {
    "pages.css": "text/css",
    "pages.js": "text/javascript",
    "feeds.svg": "image/svg+xml",
    "feeds-dark.svg": "image/svg+xml",
}

may_read, may_act = requires_access_dag("GET"), requires_access_dag("PUT")
"""Who may see DAGs may see these pages, and who may edit them may act on incidents and files."""

app = FastAPI(
    title="safetynet",
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(may_read)],
)


@app.exception_handler(404)
def _not_found(request: Request, _: Exception) -> Response:
    return render(request, "not_found.html", status_code=404)


@app.exception_handler(NewerLedger)
def _newer_ledger(_: Request, newer: Exception) -> Response:
    return PlainTextResponse(str(newer), status_code=503)


def _same_origin(request: Request) -> None:
    """A form that another site made the browser send is refused; raises HTTPException."""
    origin = request.headers.get("origin")
    own = (request.headers.get("host"), urlsplit(conf.get("api", "base_url", fallback="")).netloc)
    if origin and urlsplit(origin).netloc not in own:
        raise HTTPException(403, "Sent from another site")


@cache
def _ledger(home: Home) -> Ledger:
    return Ledger(home)


def _home() -> Home:
    return Home.from_environment()


def _store(home: Annotated[Home, Depends(_home)]) -> Ledger:
    return _ledger(home)


def is_actor(user: GetUserDep) -> bool:
    """Whether who asks may act."""
    return bool(get_auth_manager().is_authorized_dag(method="PUT", user=user))


IsActor = Annotated[bool, Depends(is_actor)]
InHome = Annotated[Home, Depends(_home)]
InLedger = Annotated[Ledger, Depends(_store)]
Page = Annotated[int, Query(ge=0, le=1_000_000)]


@app.get("/")
def start(request: Request) -> Response:
    """Begins with the feeds."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/feeds")


@app.get("/assets/{name}")
def asset(name: str) -> Response:
    """Style, script and icons of the pages."""
    if name not in ASSETS:
        raise HTTPException(404, "Not found")
    return FileResponse(FOLDER / "assets" / name, media_type=ASSETS[name], headers={"Cache-Control": "no-cache"})


@app.get("/feeds")
def feeds_page(
    request: Request, home: InHome, store: InLedger, feed: str = "", level: str = "", page: Page = 0
) -> HTMLResponse:
    """Every feed × scope, the most urgent first."""
    today = county_day(now())
    known = divisions.known(home, store)
    series = feeds.overview(home, store, today, known)
    of_feed = [one for one in series if not feed or one.contract.feed == feed]
    counts = {name: sum(one.level is name for one in of_feed) for name in feeds.Level}
    wanted = [one for one in of_feed if not level or one.level == level]
    shown = wanted[page * feeds.PAGE : (page + 1) * feeds.PAGE]
    newest = max((one.batch["as_of"] for one in series if one.batch), default=today)
    return render(
        request,
        "feeds.html",
        shown=shown,
        total=len(wanted),
        counts=counts,
        volumes=feeds.volumes(store, shown, newest, divisions.successors(known)),
        names=divisions.names(known, [one.scope for one in shown]),
        astray=[row for row in feeds.astray(store, today) if not feed or row["feed"] == feed],
        waiting=feeds.waiting(store, feed),
        contracts=contracts(),
        feed=feed,
        level=level,
        page=page,
        pages=-(-len(wanted) // feeds.PAGE),
    )


@app.get("/series")
def series_page(request: Request, home: InHome, store: InLedger, feed: str, scope: str | None = None) -> HTMLResponse:
    """The batches of one feed about one scope, and which checks fail in them over time."""
    contract = contracts().get(feed)
    if contract is None:
        raise HTTPException(404, "Not found")
    known = divisions.known(home, store)
    present, *former = codes = divisions.codes(divisions.successors(known), scope)
    batches = feeds.batches(store, feed, codes)
    drawn = batches[: feeds.MONTHS][::-1]
    return render(
        request,
        "series.html",
        contract=contract,
        scope=present,
        former=[code for code in former if any(row["scope"] == code for row in batches)],
        batches=batches,
        drawn=drawn,
        drawing=charts.bars([(row["rows_accepted"], row["rows_quarantined"]) for row in drawn], 720, 150),
        trends=feeds.trends(store, batches),
        suite=batch.suite(home, feed),
        names=divisions.names(known, codes),
    )


@app.get("/batch/{batch_id}")
def batch_page(
    request: Request, home: InHome, store: InLedger, acts: IsActor, batch_id: str, page: Page = 0
) -> HTMLResponse:
    """What happened to one file."""
    return _file(request, home, store, batch.find(store, batch_id), page, is_actor=acts)


@app.get("/file/{delivery_id}")
def file_page(
    request: Request, home: InHome, store: InLedger, acts: IsActor, delivery_id: str, page: Page = 0
) -> HTMLResponse:
    """What happened to one file, also where nothing of it could be read."""
    return _file(request, home, store, batch.find(store, None, delivery_id), page, is_actor=acts)


@app.get("/file/{delivery_id}/returned", dependencies=[Depends(may_act)])
def returned_file(home: InHome, store: InLedger, delivery_id: str) -> Response:
    """The locked copy that goes back to the department; only its owner has the password."""
    file = batch.find(store, None, delivery_id)
    path = batch.returned(home, file) if file else None
    if path is None:
        raise HTTPException(404, "Not found")
    return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})


@app.post("/file/{delivery_id}/{decision}", dependencies=[Depends(may_act), Depends(_same_origin)])
def decide_on_file(
    request: Request,
    home: InHome,
    store: InLedger,
    user: GetUserDep,
    delivery_id: str,
    decision: decisions.Decision,
    text: Annotated[str, Form()] = "",
) -> Response:
    """Release, read again, or write the copy for the department; who may edit DAGs may do so."""
    file = batch.find(store, None, delivery_id)
    if file is None:
        raise HTTPException(404, "Not found")
    try:
        page = decisions.decide(home, store, file, decision, user.get_name(), text)
    except decisions.CannotDecide:
        return _file(request, home, store, file, 0, is_actor=True, refused=decision)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/{page}", status_code=303)


def _distributions(
    home: Home, store: Ledger, about: Sequence[Mapping[str, Any]], batch_id: str | None
) -> list[distribution.Distribution]:
    """The columns that some incidents are about, as they look in a batch."""
    columns = dict.fromkeys(each["what"] for each in about if each["kind"] == IncidentKind.DISTRIBUTION)
    found = [distribution.of_batch(home, store, batch_id, column) for column in columns]
    return [one for one in found if one]


def _file(
    request: Request,
    home: Home,
    store: Ledger,
    file: batch.File | None,
    page: int,
    *,
    is_actor: bool,
    refused: str | None = None,
) -> HTMLResponse:
    if file is None:
        raise HTTPException(404, "Not found")
    marks = batch.marks(home, file.batch, page) if file.batch else None
    numbers = [number for number, _ in marks.rows] if marks else []
    return render(
        request,
        "batch.html",
        status_code=409 if refused else 200,
        file=file,
        possible=decisions.possible(file) if is_actor else [],
        refused=refused,
        note_length=incidents.NOTE_LENGTH,
        marks=marks,
        resolved=warehouse.resolved_rows(home, file.batch["batch_id"], numbers) if file.batch and numbers else {},
        distributions=_distributions(home, store, file.incidents, file.batch["batch_id"]) if file.batch else [],
        page=page,
        pages=-(-marks.total // batch.ROWS) if marks else 0,
        layers=lineage.downstream(home, file.contract),
        data_docs=batch.data_docs(home, file.batch) if file.batch else None,
        suite=batch.suite(home, file.contract.feed),
        is_returned=is_actor and batch.returned(home, file) is not None,
        names=divisions.names(divisions.known(home, store), [file.batch["scope"] if file.batch else None]),
    )


@app.get("/data-docs/{path:path}")
def data_docs_page(home: InHome, path: str) -> Response:
    """A page of Great Expectations' Data Docs."""
    site = (home.root / "data_docs" / "site").resolve()
    wanted = (site / path).resolve()
    if not wanted.is_relative_to(site) or not wanted.is_file():
        raise HTTPException(404, "Not found")
    policy = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
    return FileResponse(wanted, headers={"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"})


@app.get("/incidents")
def incidents_page(
    request: Request,
    home: InHome,
    store: InLedger,
    status: str = "unresolved",
    feed: str = "",
    severity: str = "",
    owner: str = "",
    page: Page = 0,
) -> HTMLResponse:
    """Incidents, the critical ones first."""
    shown, total = incidents.listed(store, status, feed, severity, owner, page)
    return render(
        request,
        "incidents.html",
        shown=shown,
        names=divisions.names(divisions.known(home, store), [row["scope"] for row in shown]),
        total=total,
        counts=incidents.counted(store),
        owners=incidents.owners(store),
        departments=incidents.departments(),
        contracts=contracts(),
        status=status,
        feed=feed,
        severity=severity,
        owner=owner,
        page=page,
        pages=-(-total // incidents.PAGE),
    )


@app.get("/incidents/{incident_id}")
def incident_page(request: Request, home: InHome, store: InLedger, acts: IsActor, incident_id: str) -> HTMLResponse:
    """One incident with its time-line, and what can be done with it by whom may."""
    return _incident(request, home, store, incident_id, is_actor=acts)


def _incident(
    request: Request, home: Home, store: Ledger, incident_id: str, *, is_actor: bool, refused: str | None = None
) -> HTMLResponse:
    incident = incidents.find(store, incident_id)
    if incident is None:
        raise HTTPException(404, "Not found")
    return render(
        request,
        "incident.html",
        status_code=409 if refused else 200,
        incident=incident,
        names=divisions.names(divisions.known(home, store), [incident["scope"]]),
        distributions=_distributions(home, store, [incident], incident["last_batch_id"]),
        timeline=incidents.timeline(store, incident_id),
        possible=incidents.possible(incident["status"]) if is_actor else [],
        refused=refused,
        contracts=contracts(),
        departments=incidents.departments(),
        needs_text=incidents.NEEDS_TEXT,
        note_length=incidents.NOTE_LENGTH,
    )


@app.post("/incidents/{incident_id}/{act}", dependencies=[Depends(may_act), Depends(_same_origin)])
def act_on_incident(
    request: Request,
    home: InHome,
    store: InLedger,
    user: GetUserDep,
    incident_id: str,
    act: incidents.Act,
    text: Annotated[str, Form()] = "",
) -> Response:
    """Acknowledge, assign, note or resolve; who may edit DAGs may do so."""
    try:
        incidents.act(store, incident_id, act, user.get_name(), text)
    except KeyError:
        raise HTTPException(404, "Not found") from None
    except incidents.CannotAct as refused:
        return _incident(request, home, store, incident_id, is_actor=True, refused=str(refused))
    return RedirectResponse(f"{request.scope.get('root_path', '')}/incidents/{incident_id}", status_code=303)


@app.get("/month")
def month_page(request: Request, home: InHome, store: InLedger, month: str = "") -> HTMLResponse:
    """Who is in and who is missing from a month (default: the last that is over), and what was frozen of it."""
    today = county_day(now())
    try:
        chosen = months.month_of(month) if month else months.newest_over(today)
    except months.NotFrozen:
        raise HTTPException(404, "Not found") from None
    everybody = months.awaited_now(home, store, chosen)[chosen]
    revisions = kept.revisions(store, chosen)
    scopes = [one.scope for one in everybody] + [one["scope"] for row in revisions for one in row["missing"]]
    return render(
        request,
        "month.html",
        chosen=chosen,
        is_running=months.last_day(chosen) >= today,
        is_frozen=any(row["frozen_at"] for row in revisions),
        revisions=revisions,
        everybody=sorted(everybody, key=lambda one: one.state == "in"),
        missing=months.missing(everybody),
        names=divisions.names(divisions.known(home, store), scopes),
        contracts=contracts(),
        airflow=request.scope.get("root_path", "").removesuffix("/safetynet"),
    )


@app.get("/people")
def people_page(
    request: Request, home: InHome, store: InLedger, division: str | None = None, indicator: str = people.OPEN
) -> HTMLResponse:
    """Indicators of a division and of those in it, and its signals over time."""
    builds = store.rows(sa.select(ledger.build).where(ledger.build.c.build_id == "current"))
    build = builds[0] if builds else None
    try:
        view = people.view(home, division, build["as_of"] if build else county_day(now()))
    except warehouse.NoWarehouse:
        return render(request, "no_warehouse.html")
    if view is None:
        raise HTTPException(404, "Not found")
    by_name = {each.name: each for each in view.indicators}
    chosen = by_name.get(indicator) or next(iter(view.indicators), None)
    return render(request, "people.html", view=view, place=view.place, chosen=chosen, build=build)
