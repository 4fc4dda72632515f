"""One build: inputs, one dbt process, its tests, and then both files switched by rename, or nothing at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from safetynet import reference
from safetynet.home import Home, county_day, end_of_day, moment, now
from safetynet.official.kept import LostMonth
from safetynet.publish import history, ledger
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import dbt, inputs
from safetynet.workshop import workshop


class BuildFailed(RuntimeError):
    """A model or test failed, or an input is lost; `failed` names each, and nothing was published."""

    def __init__(self, failed: list[str]) -> None:
        super().__init__("the warehouse was not built: " + ", ".join(failed))
        self.failed = failed


class NothingToBuild(RuntimeError):
    """No accepted batch was known that tells of the date, or of any date, so there is nothing to answer."""


class Unanswerable(ValueError):
    """A date or a moment that nobody can read, or that is still to come."""


@dataclass(frozen=True)
class Target:
    """The date a build answers for, what was known by when, and the files it publishes.

    Private data is published for the current build alone: `restricted` is None for any other. `build_id` is what the
    ledger calls it.
    """

    as_of: date
    known_at: datetime
    current: Path
    restricted: Path | None
    build_id: str

    @property
    def is_current(self) -> bool:
        """Whether it is the build that analysts open."""
        return self.restricted is not None


def asked(as_of: str | None, known_at: str | None) -> tuple[date | None, datetime | None]:
    """The date and the moment that somebody asks for, None where nothing is asked; raises Unanswerable."""
    try:
        day = date.fromisoformat(as_of) if as_of else None
        moment_asked = moment(known_at) if known_at else None
    except ValueError:
        raise Unanswerable(
            "SAFETYNET_AS_OF reads YYYY-MM-DD, SAFETYNET_KNOWN_AT YYYY-MM-DD or YYYY-MM-DDTHH:MM · 日期格式不对"
        ) from None
    if moment_asked and moment_asked > now():
        raise Unanswerable(
            "SAFETYNET_KNOWN_AT is still to come; leave it out for what is known now · 该时刻尚未到来，按现有数据请不填"
        )
    if day and day > county_day(moment_asked or now()):
        raise Unanswerable("SAFETYNET_AS_OF lies after what was known · 日期晚于所知时刻")
    return day, moment_asked


def target(home: Home, store: Ledger, as_of: date | None = None, known_at: datetime | None = None) -> Target:
    """Where a build goes: `current`, or beside it when another date or moment is asked for.

    `<as_of>.duckdb` answers with what is known now, `<as_of>_known_<moment>.duckdb` with what was known by a moment.
    Raises NothingToBuild.
    """
    known_by = known_at or now()
    oldest, newest = history.accepted_dates(store, known_by)
    day = as_of or newest
    if day is None or oldest is None or day < oldest:
        raise NothingToBuild(f"no batch was accepted that tells of {day or 'any day'} / 还没有可用的数据")
    if as_of is None and known_at is None:
        return Target(day, known_by, home.current, home.restricted, "current")
    folder = home.root / "warehouse" / "as_of"
    if known_at is None:
        return Target(day, known_by, folder / f"{day}.duckdb", None, f"{day}")
    known = _named(known_at)
    return Target(day, known_by, folder / f"{day}_known_{known}.duckdb", None, f"{day:%Y%m%d}@{known}")


def _named(known_at: datetime) -> str:
    """A moment in a file's name: its day in the county where it is the end of one, else in UTC."""
    day = county_day(known_at)
    if known_at == end_of_day(day):
        return day.isoformat()
    utc = known_at.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S}" + (f".{utc:%f}Z" if utc.microsecond else "Z")


def is_up_to_date(store: Ledger, wanted: Target) -> bool:
    """Whether the published file was built from the same inputs."""
    if not all(path.is_file() for path in (wanted.current, wanted.restricted) if path):
        return False
    table = ledger.build
    rows = store.rows(sa.select(table.c.inputs).where(table.c.build_id == wanted.build_id))
    return bool(rows) and rows[0]["inputs"] == inputs.fingerprint(store, wanted.as_of, wanted.known_at)


def build(
    home: Home,
    store: Ledger,
    wanted: Target,
    tell: Callable[[str], None] = lambda line: None,
    *,
    keep_working: bool = False,
) -> None:
    """Build and publish; a build that is killed leaves what was published, and the next one starts anew.

    `tell` hears the name of each model as it is done. What a build works with (staging, identity, core, signals) goes
    with it, unless `keep_working`: then that lies in a file of its own until another build. Raises BuildFailed.
    """
    reference.keep(home, store)
    before = inputs.fingerprint(store, wanted.as_of, wanted.known_at)
    wanted.current.parent.mkdir(parents=True, exist_ok=True)
    with home.alone("build"), workshop(home.folder("warehouse", ".draft")) as draft:
        try:
            inputs.lay_out(home, store, draft / "inputs", wanted.as_of, wanted.known_at)
        except (inputs.LostBatch, LostMonth) as lost:
            raise BuildFailed([str(lost)]) from lost
        current, restricted = draft / "current.duckdb", draft / "restricted.duckdb"
        working = draft / "working.duckdb"
        _run_dbt(home, draft, wanted, tell, str(working) if keep_working else dbt.IN_MEMORY)
        _refuse_unwritten(current, restricted)
        if wanted.restricted:
            restricted.chmod(0o600)
            restricted.replace(wanted.restricted)
            home.working.unlink(missing_ok=True)
        if keep_working:
            working.chmod(0o600)
            working.replace(home.working)
        with home.alone("as_of"):
            current.replace(wanted.current)
    row = {
        "build_id": wanted.build_id,
        "as_of": wanted.as_of,
        "known_at": wanted.known_at,
        "inputs": before,
        "published_at": now(),
    }
    with store.transaction() as connection:
        connection.execute(sa.delete(ledger.build).where(ledger.build.c.build_id == row["build_id"]))
        store.put(connection, ledger.build, [row])


def _refuse_unwritten(current: Path, restricted: Path) -> None:
    """Raises OSError where a file did not reach the disk whole: dbt does not hear of a failure on closing."""
    for path, schema in ((current, "marts"), (restricted, "restricted")):
        try:
            with duckdb.connect(str(path)) as database:
                database.execute("CHECKPOINT")
                tables = database.execute(
                    "SELECT count(*) FROM information_schema.tables WHERE table_schema = ?", [schema]
                ).fetchall()
        except duckdb.Error as error:
            raise OSError(f"{path.name} could not be written: {type(error).__name__}") from None
        if tables == [(0,)] or path.with_suffix(".duckdb.wal").exists():
            raise OSError(f"{path.name} could not be written whole")


def _run_dbt(home: Home, draft: Path, wanted: Target, tell: Callable[[str], None], working: str) -> None:
    def hear(event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            tell(event.data.node_info.node_name)

    target_path = home.folder("dbt") / "target"
    outcome = dbt.build(home, draft, target_path, wanted.as_of, hear=hear, working=working)
    if not outcome.success:
        raise BuildFailed(_failed(outcome.result) or [_named_fault(outcome.exception)])


def _named_fault(fault: BaseException | None) -> str:
    """What stopped dbt itself; of the system's own errors (a full disk) in the system's words, which hold no value."""
    what = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else ""
    return f"{type(fault).__name__}: {what}" if what else type(fault).__name__


def _failed(result: Any) -> list[str]:
    """Names of the models and tests that failed, without what the database said of their rows."""
    results = getattr(result, "results", None) or []
    return sorted(each.node.name for each in results if str(each.status) in ("error", "fail", "runtime error"))
