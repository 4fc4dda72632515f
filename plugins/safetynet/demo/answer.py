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
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

COLUMNS = (
    Column("预警编号", "signal_id", "code", True),
    Column("户编号", "household_code", "code"),
    Column("核查日期", "verified_on", "date", True),
    Column("核查人", "verified_by", "person_name"),
    Column("核查结论", "finding", "category", True),
    Column("是否纳入监测", "admitted", "yes_no"),
    Column("监测类别", "category"),
    Column("帮扶措施", "measure"),
    Column("备注", "note"),
)
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
    frame = asked.select(
        pl.lit(None, dtype=pl.Int64).alias(PERSON),
        pl.lit(None, dtype=pl.Int64).alias(HOUSEHOLD),
        "signal_id",
        "household_code",
        verified_on=pl.lit(as_of) + pl.duration(days=days),
        verified_by=chance.choose(rng, ("周建民", "吴晓梅", "郑国强"), (3, 2, 2), count),
        finding=finding,
        admitted=admitted,
        category=pl.when(pl.lit(admitted)).then(category),
        measure=pl.when(pl.lit(admitted)).then(pl.lit("落实帮扶联系人")),
        note=pl.lit(None, dtype=pl.String),
    )
    told_on = as_of + timedelta(days=_DAYS)
    table = Table(
        "verification_result",
        COLUMNS,
        frame,
        ("signal_id", "verified_on"),
        ("finding", ("属实", "不属实")),
        id_column=None,
        name_column=None,
    )
    path = inbox / table.feed / f"预警核查结果_{told_on:%Y%m%d}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    delivered = deliver(table, rng, 0.0, told_on, is_workbook=True)
    write_workbook(path, COLUMNS, delivered, Layout(("防返贫预警核查结果",)))
    return path
