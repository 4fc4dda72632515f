"""Writes the whole county: reference tables, its feeds in an inbox, and what is true of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import polars as pl

from safetynet.demo import chance, housing, irregular, year
from safetynet.demo.county import PREFECTURE, County, write_reference
from safetynet.demo.files import Layout, write_csv, write_workbook
from safetynet.demo.mess import deliver
from safetynet.demo.table import Table
from safetynet.demo.truth import Chronicle, Record, record, write_truth

AS_OF = date(2025, 6, 30)
# A sheet holds 1,048,576 rows; above this many a county delivers its workbooks town by town.
_ROWS_OF_ONE_WORKBOOK = 200_000


@dataclass(frozen=True)
class Part:
    """What goes into one file: a workbook where it has a layout, else a csv in that encoding."""

    table: Table
    file_name: str
    as_of: date
    layout: Layout | None = None
    encoding: str = "gb18030"


def generate(
    inbox: Path,
    reference: Path,
    truth: Path | None,
    *,
    households: int = 5000,
    seed: int = 20250630,
    mess: float = 0.03,
    as_of: date = AS_OF,
    months: int = 1,
) -> None:
    """Write a county's deliveries of some months, the last of as_of; the same arguments give the same bytes.

    inbox gets <feed>/<file>, modified on the day on which it arrives, reference divisions.csv and
    policy_parameter.csv, truth (None: nothing) the Parquet files of `truth.write_truth`. mess is the rate at which
    cells go wrong (0: none; above 0.2 so many rows are quarantined that batches are held).
    """
    records: list[Record] = []
    chronicle = Chronicle()
    place = count()
    turn: dict[str, int] = {}
    for day in year.days(seed, households, as_of, months):
        for moment in day.moments:
            chronicle.note(moment)
        for due in day.due:
            feed = due.table.feed
            sent = irregular.deliveries(due, turn.get(feed, 0) if due.as_of == day.on else 0, day.on, as_of)
            turn[feed] = turn.get(feed, 0) + (due.as_of == day.on)
            for delivery in sent:
                number = next(place)
                for part in _parts(delivery.table, day.world.land, due):
                    written = _write(inbox, part, delivery, number, seed, mess)
                    chronicle.deliver(written, delivery)
                    records.append(written)
    write_reference(day.world.land, reference)
    if truth is not None:
        write_truth(truth, day.world, records, as_of)
        if months > 1:
            chronicle.write(truth, day.world)


def _write(inbox: Path, part: Part, delivery: irregular.Delivery, turn: int, seed: int, mess: float) -> Record:
    rng = chance.stream(seed, f"mess {part.file_name}")
    delivered = deliver(part.table, rng, mess, part.as_of, part.layout is not None)
    folder = inbox / part.table.feed
    folder.mkdir(parents=True, exist_ok=True)
    stem, dot, suffix = part.file_name.rpartition(".")
    path = folder / f"{stem}{delivery.remark}{dot}{suffix}"
    if part.layout is not None:
        numbers = write_workbook(path, part.table.columns, delivered, part.layout)
    else:
        numbers = write_csv(path, part.table.columns, delivered, part.encoding)
    _arrive(path, delivery.arrives_on)
    if delivery.is_sent_twice:
        again = folder / f"{stem}{delivery.remark} (1){dot}{suffix}"
        shutil.copyfile(path, again)
        _arrive(again, delivery.arrives_on + timedelta(days=1))
    return record(part.table, path.name, turn, part.as_of, numbers, delivered)


def _arrive(path: Path, day: date) -> None:
    moment = datetime(day.year, day.month, day.day, 1, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))


def _parts(table: Table, land: County, due: year.Due) -> Iterator[Part]:
    """The files that a table is put into, each in the form that its department has."""
    as_of = due.as_of
    note = f"填表人：陈晓        审核人：赵国平        填表日期：{as_of}"
    match table.feed:
        case "registry_member":
            titles = (f"{land.name}防止返贫监测家庭成员信息表", f"导出时间：{as_of}    单位：人、元")
            yield from _workbooks(
                table, land, as_of, f"{land.name}{{town}}防返贫监测家庭成员信息", Layout(titles, note=note)
            )
        case "education_dropout":
            yield from _workbooks(table, land, as_of, "控辍保学台账", Layout((f"{land.name}控辍保学工作台账",)))
        case "health_major_illness":
            titles = (f"{land.name}农村大病专项救治台账", f"截至 {as_of}  单位：元")
            yield from _workbooks(
                table, land, as_of, "大病专项救治台账", Layout(titles, total="医疗总费用(元)", note=note)
            )
        case "housing_safety":
            title = f"{land.name}农村住房安全动态监测表"
            layout = Layout((title,), housing.BAND, total="补助资金(万元)", note=note, repeats_header=True)
            yield from _workbooks(table, land, as_of, "农村住房安全动态监测{town}", layout)
        case "water_household":
            yield from _workbooks(table, land, as_of, "供水到户台账{town}", Layout())
        case "verification_result":
            yield from _workbooks(table, land, as_of, "预警核查结果", Layout(("防返贫预警核查结果",)))
        case feed:
            encoding = "utf-8-sig" if feed == "health_settlement" else "gb18030"
            code = PREFECTURE[:6] if due.is_handover else land.code
            yield Part(table, f"{feed}_{code}_{as_of:%Y%m%d}.csv", as_of, encoding=encoding)


def _workbooks(table: Table, land: County, as_of: date, name: str, layout: Layout) -> Iterator[Part]:
    file_name = f"{name}_{as_of:%Y%m%d}.xlsx"
    if "{town}" not in name or len(table.frame) <= _ROWS_OF_ONE_WORKBOOK:
        yield Part(table, file_name.format(town=""), as_of, layout)
        return
    for code, town in land.villages.select("town_code", "town_name").unique(maintain_order=True).iter_rows():
        mine = table.only(pl.col("division_code").str.slice(0, 9) == code[:9])
        if len(mine.frame):
            yield Part(mine, file_name.format(town=town), as_of, layout)
