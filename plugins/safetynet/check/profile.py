"""A batch in a few numbers: of each watched column, how many cells are blank, how many hold which code, the median."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from safetynet.clean.statement import literal
from safetynet.contract import Contract, Kind

BLANK, MEDIAN = "blank", "median"
_YES = "是"


class Measure(NamedTuple):
    """One number about one column: `blank` and `=<code>` are shares of the rows, `median` is in the column's unit."""

    column: str
    name: str
    rows: int
    value: float

    @property
    def code(self) -> str:
        """The code of which this is the share, empty where it is none's."""
        return self.name.removeprefix("=") if self.name.startswith("=") else ""


def measured(contract: Contract, missing: Collection[str] = ()) -> dict[tuple[str, str], str]:
    """(column, measure) → SQL aggregate over cleaned rows, for watched columns that the file has.

    A cell that cannot be read counts as blank.
    """
    found = {}
    for name in contract.distribution:
        if name in missing:
            continue
        column = contract.columns[name]
        found[name, BLANK] = _share(f"{name} IS NULL")
        if column.kind is Kind.YES_NO:
            found[name, f"={_YES}"] = _share(name)
        elif column.kind is Kind.CATEGORY:
            found |= {(name, f"={code}"): _share(f"{name} = {literal(code)}") for code in column.values}
        else:
            found[name, MEDIAN] = f"CAST(median({name}) AS DOUBLE)"
    return found


def _share(condition: str) -> str:
    return f"count(*) FILTER ({condition}) / count(*)"
