"""A year of the demonstration with failures of every kind planted: each is one incident of the right owner.

What its departments deliver is spoiled before it arrives; all else is the product as Airflow's tasks run it, with
Great Expectations, a real build and a real channel. Clean months have none.
"""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from clerk import Cells, csv_file, xlsx_file, zip_file
from county import County
from deliver.servers import Channel, serving
from safetynet import tasks
from safetynet.contract import Kind, contract, contracts
from safetynet.demo import generate
from safetynet.home import COUNTY_TIME
from safetynet.incidents.threads import OPERATIONS
from safetynet.publish import ledger

FIRST, LAST = date(2024, 8, 1), date(2025, 7, 31)
"""Days on which the first file of the year can arrive, and on which the watchdog looks last."""
HOUSEHOLDS = 500
WATER_CHANNEL = "SAFETYNET_ALERT_WATER"

PLAN: dict[str, dict[str, str]] = {
    "registry_member": {
        "2024-08": "column_gone",
        "2024-09": "cut_off",
        "2024-11": "one_percent",
        "2025-02": "late",
        "2025-03": "wrong_codes",
        "2025-04": "expectation",
        "2025-05": "of_others",
    },
    "education_enrollment": {
        "2024-08": "no_rows",
        "2024-09": "column_gone",
        "2024-10": "in_future",
        "2024-11": "late",
        "2025-04": "column_missing",
        "2025-05": "two_thirds",
    },
    "education_dropout": {"2024-10": "cut_off", "2025-03": "column_missing"},
    "health_major_illness": {
        "2024-09": "column_gone",
        "2024-12": "of_others",
        "2025-02": "column_missing",
        "2025-04": "late",
    },
    "health_chronic_disease": {"2024-09": "column_gone", "2025-03": "keys_twice"},
    "health_settlement": {
        "2024-08": "column_missing",
        "2024-10": "column_gone",
        "2025-04": "of_others",
        "2025-05": "other_unit",
    },
    "civil_assistance": {
        "2024-09": "late",
        "2024-11": "column_gone",
        "2025-03": "expectation",
        "2025-04": "mapped_anew",
        "2025-05": "wrong_codes",
    },
    "water_project": {
        "2024-08": "damaged_archive",
        "2024-09": "late",
        "2024-11": "column_gone",
        "2024-12": "in_future",
        "2025-02": "of_others",
        "2025-04": "empty",
        "2025-05": "late",
    },
    "housing_safety": {"2024-09": "expectation", "2024-12": "late", "2025-03": "one_percent"},
}
"""Feed → month → what its delivery of that month suffers."""

OF_THE_DEMONSTRATION = {
    ("health_major_illness", "2024-10"): "late",
    ("education_enrollment", "2025-02"): "quarantine_share",
    ("health_settlement", "2025-03"): "late",
}
"""What goes wrong in the demonstration's year without any help."""

OF_THE_INSTALLATION = {
    "2024-09": "channel",
    "2024-10": "disk",
    "2024-12": "build_failed",
    "2025-03": "channel",
    "2025-05": "disk",
}
"""Month whose files arrive meanwhile → what fails that no feed owns."""

CLEAN = {"2024-07", "2025-01", "2025-06"}

KINDS = {
    "cut_off": "rejected",
    "of_others": "rejected",
    "empty": "rejected",
    "damaged_archive": "rejected",
    "column_missing": "rejected",
    "column_gone": "schema_change",
    "one_percent": "unusual_volume",
    "two_thirds": "unusual_volume",
    "wrong_codes": "quarantine_share",
    "keys_twice": "quarantine_share",
    "mapped_anew": "distribution",
    "other_unit": "distribution",
    "in_future": "as_of_in_future",
}
"""The kind of incident, where it is not called as what is planted."""

OPTIONAL = {
    "registry_member": "health_status",
    "education_enrollment": "grade",
    "health_major_illness": "hospital_name",
    "health_chronic_disease": "control_status",
    "health_settlement": "institution_name",
    "civil_assistance": "started_month",
    "water_project": "population_served",
}
CATEGORY = {"registry_member": "household_type", "civil_assistance": "assistance_type"}
MEASURED = {
    "registry_member": "member_count",
    "civil_assistance": "monthly_amount",
    "housing_safety": "floor_area_m2",
}
"""Columns with an expectation that wrong numbers fail."""


class File:
    """A delivered file's cells: what stands above the header, the header, and the rows."""

    def __init__(self, path: Path) -> None:
        self.feed = contract(path.parent.name)
        if path.suffix == ".csv":
            text = path.read_bytes().decode(self._encoding)
            cells: Cells = list(csv.reader(io.StringIO(text, newline="")))
        else:
            cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        head = next(at for at, row in enumerate(cells) if all(cell != "" for cell in row))
        self.above, self.header, self.rows = cells[:head], cells[head], cells[head + 1 :]

    @property
    def _encoding(self) -> str:
        assert self.feed.csv
        return "gb18030" if self.feed.csv.encodings[0] == "gb18030" else "utf-8-sig"

    def position(self, column: str) -> int:
        """Where a column of the contract stands."""
        known = [header.replace("㎡", "") for header in self.feed.columns[column].headers]
        return next(at for at, text in enumerate(self.header) if str(text).partition("(")[0] in known or text in known)

    def set(self, column: str, change: Callable[[str], object], share: float = 1) -> None:
        """Change the filled cells of a column in so many of the rows."""
        at = self.position(column)
        for row in self.rows[: int(len(self.rows) * share)]:
            if row[at] not in ("", self.header[at]):
                row[at] = change(str(row[at]))

    def bytes(self) -> bytes:
        """The file as it would be delivered."""
        cells = [*self.above, self.header, *self.rows]
        return csv_file(cells, self._encoding) if self.feed.csv else xlsx_file({"Sheet1": cells})


def spoiled(path: Path, wrong: str, other: Path) -> tuple[str, bytes]:
    """Name and content of a delivery that suffers; `other` is another department's file of the same form."""
    feed, name, whole = path.parent.name, path.name, path.read_bytes()
    match wrong:
        case "cut_off":
            return name, whole[: len(whole) // 2]
        case "empty":
            return name, b""
        case "of_others":
            return name, other.read_bytes()
        case "damaged_archive":
            return f"{path.stem}.zip", zip_file({name: whole})[:-40]
        case "in_future":
            return name.replace("_2024", "_2042"), whole
    file = File(path)
    match wrong:
        case "column_missing":
            file.header[file.position(contract(feed).required[-1])] = "说明"
        case "column_gone":
            at = file.position(OPTIONAL[feed])
            for row in (file.header, *file.rows):
                del row[at]
        case "no_rows":
            file.rows = []
        case "one_percent":
            file.rows = file.rows[::100]
        case "two_thirds":
            file.rows = file.rows[: len(file.rows) * 2 // 3]
        case "keys_twice":
            again = [list(row) for row in file.rows]
            file.rows += again
            file.set("contract_status", lambda told: "未签约" if told == "已签约" else "已签约", 0.5)
        case "wrong_codes":
            file.set(CATEGORY[feed], lambda _: "其他", 0.25)
        case "mapped_anew":
            file.set("payment_status", lambda _: "停发", 0.5)
            at = file.position("stopped_month")
            for row in file.rows[: len(file.rows) // 2]:
                row[at] = row[file.position("month")]
        case "other_unit":
            for column, said in contract(feed).columns.items():
                if said.kind is Kind.MONEY:
                    file.set(column, lambda told: f"{float(told) * 100:.2f}")
        case "expectation":
            file.set(MEASURED[feed], lambda told: float(told) + 50_000, 0.5)
    return name, file.bytes()


class Year:
    """The demonstration's deliveries by the day on which they arrive, spoiled as is planned."""

    def __init__(self, folder: Path, reference: Path) -> None:
        generate(folder, reference, None, households=HOUSEHOLDS, mess=0, months=12)
        self._files = sorted(path for path in folder.rglob("*") if path.is_file())
        self._waiting = sorted(self._files, key=lambda path: path.stat().st_mtime)

    def arrive(self, inbox: Path, day: date) -> bool:
        """Put what arrives on a day, or was to arrive before, into the inbox; whether there is anything."""
        any_came = False
        while self._waiting and _arrival(self._waiting[0]) <= day:
            path = self._waiting.pop(0)
            wrong = PLAN.get(path.parent.name, {}).get(_month(path))
            if wrong == "late":
                continue
            any_came = True
            to = inbox / path.parent.name
            to.mkdir(parents=True, exist_ok=True)
            if wrong is None:
                shutil.copy2(path, to / path.name)
                continue
            name, content = spoiled(path, wrong, self._of_another(path))
            (to / name).write_bytes(content)
            shutil.copystat(path, to / name)
        return any_came

    def _of_another(self, path: Path) -> Path:
        return next(
            each
            for each in self._files
            if each.suffix == path.suffix and each.parent != path.parent and _month(each) == _month(path)
        )


def _arrival(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()


def _month(path: Path) -> str:
    """The month that a file's name tells of."""
    told = next(part[:8] for part in reversed(path.stem.replace(" ", "_").split("_")) if part[:8].isdigit())
    return f"{told[:4]}-{told[4:6]}"


def month_before(day: date) -> str:
    """The month whose files arrive in the month of a day."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


@pytest.fixture
def water() -> Iterator[Channel]:
    opened = Channel()
    with serving(opened):
        yield opened


@pytest.fixture
def installed(county: County, water: Channel, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The county as the tasks find it, with one channel."""
    for name, folder in (
        ("HOME", county.home.root),
        ("INBOX", county.home.inbox),
        ("REFERENCE", county.home.reference),
    ):
        monkeypatch.setenv(f"SAFETYNET_{name}", str(folder))
    monkeypatch.setenv(WATER_CHANNEL, water.address)
    yield monkeypatch


def set_clock(patch: pytest.MonkeyPatch, day: date) -> None:
    """Let it be noon of a day wherever the pipeline asks."""
    noon, ticks = datetime(day.year, day.month, day.day, 12, tzinfo=COUNTY_TIME), itertools.count()
    for module in ("land.landing", "incidents.watch", "incidents.threads", "deliver.outbox", "deliver.alerts", "tasks"):
        patch.setattr(f"safetynet.{module}.now", lambda: noon.replace(microsecond=next(ticks)))


def run_installation(patch: pytest.MonkeyPatch, county: County, water: Channel, day: date) -> None:
    """Let the disk and the channel be as they are planned, and the warehouse be built where it fails and after that."""
    wrong = OF_THE_INSTALLATION.get(month_before(day))
    patch.setenv("SAFETYNET_DISK_FREE_GIB", "1e9" if wrong == "disk" else "0")
    water.status = 500 if wrong == "channel" else 200
    if day.day == 20 and wrong == "build_failed":
        spoiled = max(county.home.folder("lake").rglob("*.parquet"))
        whole = spoiled.read_bytes()
        mode = spoiled.stat().st_mode
        spoiled.chmod(0o600)
        spoiled.write_bytes(whole[: len(whole) // 2])
        assert tasks.build_warehouse("", "")
        spoiled.write_bytes(whole)
        spoiled.chmod(mode)
    if day.day == 28 and wrong == "build_failed":
        assert tasks.build_warehouse("", "") == []


def test_each_planted_failure_is_one_incident_of_its_owner_and_clean_months_have_none(
    county: County,
    water: Channel,
    installed: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    year = Year(tmp_path / "year", county.home.reference)
    day = FIRST
    while day <= LAST:
        set_clock(installed, day)
        if year.arrive(county.home.inbox, day):
            for feed in contracts():
                for landing_id in tasks.land_feed(feed):
                    tasks.take_in_file(landing_id)
        run_installation(installed, county, water, day)
        with suppress(ConnectionError):
            tasks.send_run_messages()
        with suppress(ConnectionError):
            tasks.watch_deliveries()
        day += timedelta(days=1)

    planted = [(feed, month, KINDS.get(wrong, wrong)) for feed, of in PLAN.items() for month, wrong in of.items()]
    planted += [(*place, wrong) for place, wrong in OF_THE_DEMONSTRATION.items()]
    planted += [("", month, wrong) for month, wrong in OF_THE_INSTALLATION.items()]
    found = county.ledger(ledger.incident)
    told = [(each["feed"] or "", month_before(each["opened_at"].date()), each["kind"]) for each in found]
    assert sorted((Counter(told) - Counter(planted)).items()) == []
    assert sorted((Counter(planted) - Counter(told)).items()) == []
    assert len(found) >= 40
    for each in found:
        assert each["owner"] == (contract(each["feed"]).owner.channels if each["feed"] else OPERATIONS)
        assert each["status"] == "resolved", each["kind"]

    messages = county.ledger(ledger.message)
    about = Counter(
        each for message in messages if message["kind"] != "escalation" for each in message["incidents"] or []
    )
    assert about == Counter(each["incident_id"] for each in found)
    assert len(water.messages) == sum(each["sent_to"] == "channel" for each in messages) > 6
    told_to = Counter((each["channels"], month_before(each["sent_at"])) for each in messages if each["kind"] != "test")
    with capsys.disabled():
        print("\nincidents by kind:", dict(sorted(Counter(each["kind"] for each in found).items())))
        for owner in sorted({owner for owner, _ in told_to}):
            print(owner, {month: count for (name, month), count in sorted(told_to.items()) if name == owner})
    assert {month for _, month in told_to}.isdisjoint(CLEAN)
    assert max(count for (owner, _), count in told_to.items() if owner != OPERATIONS) <= 2
    assert max(told_to.values()) <= 9
