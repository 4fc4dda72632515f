"""The verdict on a batch: what may reach the warehouse, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from safetynet.contract import Contract
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


def judge(
    contract: Contract,
    counts: Counts,
    bounds: VolumeBounds | None,
    is_future: bool,
    as_of: date,
    results: list[Result],
) -> tuple[Verdict, list[Sentence]]:
    """The verdict on a batch that could be read, and why where it is not plainly accepted."""
    held = []
    if is_future:
        held.append(say("as_of_in_future", {"as_of": as_of.isoformat()}))
    if counts.received == 0 and contract.delivery == "snapshot":
        held.append(say("no_rows"))
    share = counts.quarantined / counts.received if counts.received else 0.0
    if share > contract.bounds.quarantined_share and counts.quarantined >= contract.bounds.quarantined_rows:
        facts = {"rows": counts.quarantined, "received": counts.received}
        held.append(
            say("quarantined_share", {**facts, "share": f"{contract.bounds.quarantined_share:.0%}".rstrip("%")})
        )
    if bounds is not None and not bounds.low <= counts.received <= bounds.high:
        code = "volume_low" if counts.received < bounds.low else "volume_high"
        held.append(say(code, {"received": counts.received, "previous": bounds.previous}))
    critical = [result for result in results if result.severity == "critical" and not result.success]
    beyond_volume = [result for result in critical if not result.expectation.endswith(":volume")]
    if beyond_volume:
        held.append(say("critical_expectation", {"count": len(beyond_volume)}))
    if held:
        return "held", held
    if counts.quarantined:
        return "accepted_with_quarantine", [say("rows_quarantined", {"rows": counts.quarantined})]
    return "accepted", []
