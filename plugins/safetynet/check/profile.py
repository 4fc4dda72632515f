"""A batch in a few numbers: of each watched column, how many cells are blank, how many hold which code, the median."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from safetynet.clean.statement import literal
from safetynet.contract import Contract, Kind

BLANK, MEDIAN, QUARTILES = "blank", "median", "quartiles"
_YES = "是"


class Measure(NamedTuple):
    """One number about one column: `blank` and `=<code>` are shares of the rows, `median` and `quartiles` in its unit.

    `quartiles` is the distance between the first and the third.
    """

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
            of_column = f"CAST(quantile_cont({name}, [0.25, 0.5, 0.75]) AS DOUBLE[])"
            found[name, MEDIAN] = f"{of_column}[2]"
            found[name, QUARTILES] = f"{of_column}[3] - {of_column}[1]"
    return found


def _share(condition: str) -> str:
    return f"count(*) FILTER ({condition}) / count(*)"
