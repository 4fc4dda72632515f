"""The verdict on a batch: what may reach the warehouse, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from safetynet.contract import Contract, IncidentKind
from safetynet.messages import Sentence, say

if TYPE_CHECKING:
    from safetynet.check.validation import Result

Verdict = Literal["accepted", "accepted_with_quarantine", "rejected", "held", "duplicate"]


@dataclass(frozen=True)
class Counts:
    """Rows of a batch; received = accepted + quarantined + duplicate."""

    received: int
    accepted: int
    quarantined: int
    duplicate: int


@dataclass(frozen=True)
class VolumeBounds:
    """The least and most rows that a batch may have beside the one before it."""

    previous: int
    low: int
    high: int

    def without(self, rows: int) -> VolumeBounds:
        """The same bounds for a count that leaves `rows` out."""
        return VolumeBounds(self.previous, max(self.low - rows, 0), self.high - rows)


def volume_bounds(contract: Contract, previous: int | None, received: int) -> VolumeBounds | None:
    """Bounds from the scope's previous batch; None where it had too few rows to tell."""
    if previous is None or previous < contract.bounds.volume_from_rows:
        return None
    if received == 0 and contract.delivery == "increment":
        return None
    low = -int(-previous * contract.bounds.volume_low // 1)
    return VolumeBounds(previous, low, int(previous * contract.bounds.volume_high))


@dataclass(frozen=True)
class Cause:
    """One thing for which a batch is held."""

    kind: IncidentKind
    what: str
    told: Sentence


def causes(
    contract: Contract,
    counts: Counts,
    bounds: VolumeBounds | None,
    is_future: bool,
    as_of: date,
    results: list[Result],
    cut_off: Sentence | None = None,
) -> list[Cause]:
    """Why a batch that could be read is held, the weightiest first; none where it is not.

    `cut_off` says of which division's file it may be the rest, None where it is nobody's.
    """
    found = []
    if is_future:
        told = say("as_of_in_future", {"as_of": as_of.isoformat()})
        found.append(Cause(IncidentKind.AS_OF_IN_FUTURE, "", told))
    if counts.received == 0 and contract.delivery == "snapshot":
        found.append(Cause(IncidentKind.NO_ROWS, "", say("no_rows")))
    share = counts.quarantined / counts.received if counts.received else 0.0
    if share > contract.bounds.quarantined_share and counts.quarantined >= contract.bounds.quarantined_rows:
        facts = {"rows": counts.quarantined, "received": counts.received}
        told = say("quarantined_share", {**facts, "share": f"{contract.bounds.quarantined_share:.0%}".rstrip("%")})
        found.append(Cause(IncidentKind.QUARANTINE_SHARE, "", told))
    if bounds is not None and not bounds.low <= counts.received <= bounds.high:
        code = "volume_low" if counts.received < bounds.low else "volume_high"
        told = say(code, {"received": counts.received, "previous": bounds.previous})
        found.append(Cause(IncidentKind.UNUSUAL_VOLUME, "", told))
    if cut_off is not None:
        found.append(Cause(IncidentKind.UNUSUAL_VOLUME, "", cut_off))
    critical = [result for result in results if result.severity == "critical" and not result.success]
    beyond_volume = [result.name for result in critical if not result.expectation.endswith(":volume")]
    if beyond_volume:
        told = say("critical_expectation", {"count": len(beyond_volume)})
        found.append(Cause(IncidentKind.EXPECTATION, beyond_volume[0], told))
    return found


def judge(counts: Counts, held: list[Cause]) -> tuple[Verdict, list[Sentence]]:
    """The verdict on a batch that could be read, and why where it is not plainly accepted."""
    if held:
        return "held", [cause.told for cause in held]
    if counts.quarantined:
        return "accepted_with_quarantine", [say("rows_quarantined", {"rows": counts.quarantined})]
    return "accepted", []
