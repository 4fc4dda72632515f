"""What a batch's outcome says failed: one failure for a file that is not used, else what its rows and columns show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetynet.check.verdict import Cause, Counts
from safetynet.contract import Contract, IncidentKind
from safetynet.messages import Sentence, say, say_reason, together
from safetynet.refusal import Refused

if TYPE_CHECKING:
    from safetynet.check.validation import Result


@dataclass(frozen=True)
class Failure:
    """One thing that failed; `what` tells things of one kind apart and holds no value of a file."""

    kind: IncidentKind
    what: str
    told: Sentence
    column: str | None = None
    """The one column that it is about."""


@dataclass(frozen=True)
class Columns:
    """What a file lacks of its contract's optional columns, and how many headers the contract does not know."""

    missing: frozenset[str]
    unknown: int


def named(feed: Contract | None, kind: str, what: str) -> Sentence:
    """What an incident is about as people know it: a column by its header, a reason in words, else a name as it is."""
    if feed is None or kind not in (IncidentKind.DISTRIBUTION, IncidentKind.EXPECTATION):
        return Sentence(what, what)
    reason, _, column = ("", "", what) if kind == IncidentKind.DISTRIBUTION else what.partition(":")
    told, header = say_reason(reason) if reason else Sentence("", ""), _quoted(feed, column)
    return Sentence(f"{header} {told.zh}".strip(), f"{header} {told.en}".strip())


def _quoted(feed: Contract, column: str | None) -> str:
    """A column by its header, empty for none of the contract's."""
    return f"“{feed.first_header(column)}”" if column in feed.columns else ""


def of_refusal(refusal: Refused, told: Sentence) -> list[Failure]:
    """The failure of a rejected file; where it is about columns, others that are missing are another failure."""
    columns = refusal.facts.get("columns")
    names = f" ({', '.join(columns)})" if isinstance(columns, list) else ""
    return [Failure(IncidentKind.REJECTED, f"{refusal.code}{names}", told)]


def of_batch(
    feed: Contract,
    counts: Counts,
    held: Sequence[Cause],
    results: Sequence[Result],
    columns: Columns,
    before: Columns | None,
) -> list[Failure]:
    """The failures of a batch that could be read.

    One for a held batch, whose first cause names it; for one that is used, each column with an expectation that more
    rows fail than the contract tolerates (the first of them, for one thing wrong with a column fails several), and
    columns that came or went since the batch `before`.
    """
    if held:
        return [Failure(held[0].kind, held[0].what, held[0].told)]
    failing = [failure for result in results if (failure := _expectation(feed, counts, result))]
    first = {failure.column or failure.what: failure for failure in reversed(failing)}
    changed = _columns(feed, columns, before)
    return [failure for failure in failing if failure in first.values()] + ([changed] if changed else [])


def _expectation(feed: Contract, counts: Counts, result: Result) -> Failure | None:
    checked = counts.received - counts.duplicate if result.rows_checked is None else result.rows_checked
    failed = result.rows_failed
    is_tolerated = failed < feed.bounds.expectation_rows or failed <= feed.bounds.expectation_share * checked
    if result.success or is_tolerated:
        return None
    reason = say_reason(result.reason)
    header = _quoted(feed, result.column)
    told = say(
        "expectation_failed",
        {
            "column": f"{header} " if header else "",
            "reason_zh": reason.zh,
            "reason_en": reason.en,
            "rows": failed,
            "checked": checked,
        },
    )
    return Failure(IncidentKind.EXPECTATION, result.name, told, result.column)


def _columns(feed: Contract, now: Columns, before: Columns | None) -> Failure | None:
    if before is None:
        return None
    gone = [feed.first_header(name) for name in feed.columns if name in now.missing - before.missing]
    came = now.unknown - before.unknown
    told = [say("columns_gone", {"columns": gone})] if gone else []
    if came > 0:
        told.append(say("columns_new", {"count": came}))
    whole = together(told)
    return Failure(IncidentKind.SCHEMA_CHANGE, "", whole) if whole else None
