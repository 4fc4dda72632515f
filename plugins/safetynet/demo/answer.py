"""What the townships answer: a verification_result workbook about signals that a warehouse has raised.

Only a warehouse knows what its signals are called, so this is written after a build, and taken in with the next run.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from safetynet.demo import chance
from safetynet.demo.files import Layout, write_workbook
from safetynet.demo.mess import deliver
from safetynet.demo.table import HOUSEHOLD
from safetynet.demo.township import verification_result

_DAYS = 14


def answer(warehouse: Path, inbox: Path, *, seed: int = 20250630, share: float = 0.6) -> Path | None:
    """Answer a share of the open signals within a fortnight of the warehouse's date; None where there is none.

    Eight in ten are found to be true, and a third of these households is taken into monitoring.
    """
    rng = chance.stream(seed, "verification_result")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT signal_id, household_code FROM marts.risk_signal WHERE status = 'open' ORDER BY signal_id"
        ).fetchall()
        ((as_of,),) = connection.execute(
            "SELECT max(as_of) FROM quality.batch WHERE starts_with(verdict, 'accepted')"
        ).fetchall()
    if not rows:
        return None
    signals = pl.DataFrame(rows, schema={"signal_id": pl.String, "household_code": pl.String}, orient="row")
    asked = signals.filter(pl.Series(rng.random(len(signals)) < share))
    count = len(asked)
    days = pl.lit(pl.Series(rng.integers(1, _DAYS, count)))
    finding = chance.choose(rng, ("属实", "不属实", "已解决"), (0.8, 0.12, 0.08), count)
    admitted = (finding == "属实") & pl.Series(rng.random(count) < 0.35)
    category = chance.choose(rng, ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户"), (2, 5, 3), count)
    answers = asked.select(
        pl.lit(None, dtype=pl.Int64).alias(HOUSEHOLD),
        "signal_id",
        "household_code",
        verified_on=pl.lit(as_of) + pl.duration(days=days),
        finding=finding,
        admitted=admitted,
        category=category,
    )
    table = verification_result(rng, answers)
    told_on = as_of + timedelta(days=_DAYS)
    path = inbox / table.feed / f"预警核查结果_{told_on:%Y%m%d}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    delivered = deliver(table, rng, 0.0, told_on, is_workbook=True)
    write_workbook(path, table.columns, delivered, Layout(("防返贫预警核查结果",)))
    return path
