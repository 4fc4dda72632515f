"""The contract of a feed: what one department promises to deliver, as a typed model of its YAML file."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

DEPARTMENTS = Path(__file__).parent / "departments"


class Kind(StrEnum):
    """Kinds of column; each has one cleaner in clean/kinds.sql."""

    ID_NUMBER = "id_number"
    PERSON_NAME = "person_name"
    DIVISION_CODE = "division_code"
    DATE = "date"
    MONTH = "month"
    MONEY = "money"
    YES_NO = "yes_no"
    SEX = "sex"
    CATEGORY = "category"
    COUNT = "count"
    NUMBER = "number"
    PERCENT = "percent"
    CODE = "code"
    TEXT = "text"


SQL_TYPES: dict[Kind, str] = {
    Kind.DATE: "DATE",
    Kind.MONEY: "DECIMAL(18,2)",
    Kind.YES_NO: "BOOLEAN",
    Kind.COUNT: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.PERCENT: "DOUBLE",
}


_WATCHED = (Kind.CATEGORY, Kind.YES_NO, Kind.MONEY, Kind.COUNT, Kind.NUMBER, Kind.PERCENT)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Titles(_Strict):
    """One thing said in the two languages of the house."""

    zh: str
    en: str


class Owner(_Strict):
    """Who answers for a feed, and where messages to them go."""

    department: Titles
    contact: str
    channels: Annotated[
        str,
        Field(pattern=r"^SAFETYNET_ALERT_[A-Z_]+$"),
    ]
    """Name of the environment variable, and in lower case of the Airflow connection whose password, holds the Apprise
    addresses, separated by blanks."""

    @property
    def returned_password(self) -> str:
        """Name of the environment variable that holds the password of the files that the owner gets back."""
        return self.channels.replace("SAFETYNET_ALERT_", "SAFETYNET_RETURNED_")


class Column(_Strict):
    """One column: every known spelling of its header, and what its cells must be."""

    headers: Annotated[tuple[str, ...], Field(min_length=1)]
    kind: Kind
    required: bool = False
    sensitive: bool = False
    may_be_negative: bool = False
    values: dict[str, tuple[str, ...]] = {}
    """For kind category: accepted value → its other accepted spellings."""

    offered: tuple[str, ...] = ()
    """Texts that a form offers for this column; others are read as well."""

    @model_validator(mode="after")
    def _check(self) -> Column:
        if (self.kind is Kind.CATEGORY) != bool(self.values):
            raise ValueError("values belong to columns of kind category, and to them alone")
        if self.may_be_negative and self.kind is not Kind.MONEY:
            raise ValueError("may_be_negative belongs to money")
        if self.offered and self.kind is not Kind.TEXT:
            raise ValueError("offered belongs to columns of kind text")
        if self.kind in (Kind.ID_NUMBER, Kind.PERSON_NAME) and not self.sensitive:
            raise ValueError(f"a column of kind {self.kind} is sensitive")
        return self

    @property
    def may_be_watched(self) -> bool:
        """Whether a few numbers about all of its cells tell of nobody, and tell something."""
        return not self.sensitive and self.kind in _WATCHED

    @property
    def sql_type(self) -> str:
        """The column's type in the lake."""
        return SQL_TYPES.get(self.kind, "VARCHAR")


class Person(_Strict):
    """The columns that name the primary person of a row."""

    id_number: str = "id_number"
    name: str = "person_name"
    division: str = "division_code"
    anchor: tuple[str, ...] = ()
    """Columns of which the first that is filled tells people of one name and village apart who have no number."""
    anchor_pins: bool = False
    """Whether one value of the anchor never stands for two people of one name, however many rows it stands on."""


class Bounds(_Strict):
    """When a readable batch is held until someone releases it, and when an accepted one is an incident."""

    quarantined_share: float = 0.05
    quarantined_rows: int = 20
    volume_low: float = 0.5
    volume_high: float = 2.0
    volume_from_rows: int = 100
    expectation_share: float = 0.1
    """Share of an accepted batch's rows that may fail one expectation …"""
    expectation_rows: int = 20
    """… and how many rows make it worth a message."""
    usual_from_batches: Annotated[int, Field(ge=3)] = 6
    """So many batches of its own tell what number of rows, or what distribution, is usual for a scope …"""
    usual_deviations: float = 6.0
    """… and so many (robust) standard deviations from their median are not."""
    distribution_from_rows: int = 50
    """Batches with fewer rows tell nothing of a distribution."""


class Calendar(_Strict):
    """When a period's data must be there: a working day after the period ends (cadence term: after a term begins)."""

    due_day: Annotated[int, Field(ge=1, le=28)]
    """Day of the month that follows the period, or the so-manieth day of a school term."""
    grace_days: Annotated[int, Field(ge=0)] = 3
    """Working days after the due day before anybody is told."""
    terms: tuple[Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d)$")], ...] = ()
    """For cadence term: month and day on which the terms of a year begin, in order."""


class IncidentKind(StrEnum):
    """What can fail."""

    REJECTED = "rejected"
    AS_OF_IN_FUTURE = "as_of_in_future"
    NO_ROWS = "no_rows"
    UNUSUAL_VOLUME = "unusual_volume"
    DISTRIBUTION = "distribution"
    QUARANTINE_SHARE = "quarantine_share"
    EXPECTATION = "expectation"
    SCHEMA_CHANGE = "schema_change"
    LATE = "late"
    BUILD_FAILED = "build_failed"
    CHANNEL = "channel"
    DISK = "disk"


IncidentSeverity = Literal["critical", "warning"]

_CRITICAL = (
    IncidentKind.NO_ROWS,
    IncidentKind.UNUSUAL_VOLUME,
    IncidentKind.BUILD_FAILED,
    IncidentKind.CHANNEL,
    IncidentKind.DISK,
)

Hour = Annotated[int, Field(ge=0, le=24)]


class Incidents(_Strict):
    """How a feed's failures are told to its owner."""

    severity: dict[IncidentKind, IncidentSeverity] = {}
    """What weighs otherwise than usual; only what is critical is sent in quiet hours."""
    reopen_days: Annotated[int, Field(ge=0)] = 7
    """What fails again within so many days of its end is the same incident."""
    escalate_hours: Annotated[int, Field(ge=1)] = 72
    """So long after the message operations hear of it, unless somebody acknowledged it."""
    quiet_from: Hour = 21
    quiet_until: Hour = 8
    """Hours of the county's clock between which only what is critical is sent."""

    def severity_of(self, kind: IncidentKind) -> IncidentSeverity:
        """How much a failure of this kind weighs."""
        return self.severity.get(kind, "critical" if kind in _CRITICAL else "warning")

    def is_quiet(self, hour: int) -> bool:
        """Whether an hour of the day is a quiet one."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= hour < self.quiet_until
        return hour >= self.quiet_from or hour < self.quiet_until


class Header(_Strict):
    """How the header row is found: the row with the most known headers among the first rows."""

    within_first_rows: int = 10


class Csv(_Strict):
    """The declared dialect of a text file; encodings in the order in which the header is tried."""

    encodings: Annotated[tuple[Literal["gb18030", "utf-8"], ...], Field(min_length=1)]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


def _known_key_part(part: str) -> str:
    if not part:
        raise ValueError("a part of a key has a name")
    return part


class Contract(_Strict):
    """What a feed is: owner, rhythm, format, columns, key. One YAML file each, unknown keys refused."""

    feed: str
    department: str
    title: Titles
    owner: Owner
    domain: Literal["registry", "education", "medical", "housing", "water", "income", "verification"]
    cadence: Literal["monthly", "quarterly", "term", "irregular"]
    delivery: Literal["snapshot", "increment"]
    format: Literal["xlsx", "csv"]
    csv: Csv | None = None
    header: Header = Header()
    sheet: str | None = None
    """Name of the only data sheet; None: every sheet that has the header."""
    person: Person | None = None
    key: Annotated[tuple[Annotated[str, AfterValidator(_known_key_part)], ...], Field(min_length=1)]
    """Column names, `person`, `a|person` (the first that is there), `sign(column)`."""
    bounds: Bounds = Bounds()
    calendar: Calendar | None = None
    """When its deliveries are due; None: nobody waits for them."""
    incidents: Incidents = Incidents()
    distribution: tuple[str, ...] = ()
    """Columns that are watched: the share of blanks, and of each accepted value, or the median of numbers."""
    columns: dict[str, Column]
    answers: tuple[str, ...] = ()
    """Columns that a person fills in on a form handed out; a row in which all are blank is unanswered, and no data."""
    ignored: tuple[str, ...] = ()
    """Headers that are knowingly left out."""

    @model_validator(mode="after")
    def _check(self) -> Contract:
        if self.calendar and self.cadence == "irregular":
            raise ValueError("a feed without a rhythm has no calendar")
        if self.calendar and (self.cadence == "term") != bool(self.calendar.terms):
            raise ValueError("the calendar names the terms of a feed of cadence term, and of no other")
        if (self.format == "csv") != (self.csv is not None):
            raise ValueError("a csv feed declares its dialect, and no other feed does")
        named = {"person"} if self.person else set()
        for part in self.key:
            for name in part.removeprefix("sign(").removesuffix(")").split("|"):
                if name not in self.columns and name not in named:
                    raise ValueError(f"key part {part!r} names no column")
        for name in self.answers:
            if name not in self.columns:
                raise ValueError(f"answer {name!r} names no column")
        for name in self.distribution:
            if name not in self.columns or not self.columns[name].may_be_watched:
                raise ValueError(f"distribution {name!r} names no column of numbers or codes that is not sensitive")
        if self.person:
            for name in (self.person.id_number, self.person.name, self.person.division, *self.person.anchor):
                if name not in self.columns:
                    raise ValueError(f"person column {name!r} is not in the contract")
        return self

    @property
    def months_between(self) -> int | None:
        """Months from one delivery to the next; None where a feed comes irregularly and is never waited for."""
        return {"monthly": 1, "quarterly": 3, "term": 6}.get(self.cadence)

    @property
    def staged(self) -> str:
        """Name of the feed's staging model."""
        return f"stg_{self.department}__{self.feed.removeprefix(f'{self.department}_')}"

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(name for name, column in self.columns.items() if column.required)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Names of the columns that never reach the analysts' warehouse."""
        return tuple(name for name, column in self.columns.items() if column.sensitive)

    @property
    def id_columns(self) -> tuple[str, ...]:
        """Names of the columns that hold id numbers; each has a `<name>_damaged` beside it in the lake."""
        return tuple(name for name, column in self.columns.items() if column.kind is Kind.ID_NUMBER)

    @property
    def kin(self) -> dict[str, str]:
        """Whom a row names beside its primary person (`guardian_…`, `applicant_…`): id number column → name column."""
        own = self.person.id_number if self.person else None
        named = {number: number.removesuffix("id_number") + "name" for number in self.id_columns if number != own}
        return {number: name for number, name in named.items() if name in self.columns}

    def first_header(self, column: str) -> str:
        """The header of a column as its department writes it."""
        return self.columns[column].headers[0]


def load(path: Path) -> Contract:
    """Read one contract; raises pydantic.ValidationError naming the key that is wrong."""
    department, feed = path.parent.name, path.stem
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Contract(feed=f"{department}_{feed}", department=department, **declared)


@cache
def contracts() -> dict[str, Contract]:
    """Every feed of departments/, by name, in the order of their paths."""
    loaded = [load(path) for path in sorted(DEPARTMENTS.glob("*/*.yml"))]
    return {contract.feed: contract for contract in loaded}


def contract(feed: str) -> Contract:
    """The contract of one feed; KeyError for a feed that nobody declared."""
    return contracts()[feed]
