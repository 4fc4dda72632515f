"""Writes the whole county: reference tables, ten feeds in an inbox, and what is true of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from safetynet.demo import chance, civil, education, health, housing, registry, water
from safetynet.demo.county import COUNTY_NAME, County, county, write_reference
from safetynet.demo.files import Layout, write_csv, write_workbook
from safetynet.demo.mess import deliver
from safetynet.demo.people import People, people
from safetynet.demo.table import Table
from safetynet.demo.truth import Record, record, write_truth

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
) -> None:
    """Write a county's first drop; the same arguments give the same bytes.

    inbox gets <feed>/<file>, reference divisions.csv and policy_parameter.csv, truth (None: nothing) the
    Parquet files of `truth.write_truth`. mess is the rate at which cells go wrong (0: none; above 0.2 so many
    rows are quarantined that batches are held).
    """
    land = county(seed, households)
    world = health.diagnosed(seed, people(seed, households, land, as_of))
    write_reference(land, reference)
    records: list[Record] = []
    for part in _parts(seed, land, world, as_of):
        rng = chance.stream(seed, f"mess {part.file_name}")
        delivered = deliver(part.table, rng, mess, part.as_of, part.layout is not None)
        folder = inbox / part.table.feed
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / part.file_name
        if part.layout is not None:
            numbers = write_workbook(path, part.table.columns, delivered, part.layout)
        else:
            numbers = write_csv(path, part.table.columns, delivered, part.encoding)
        if truth is not None:
            records.append(record(part.table, part.file_name, part.as_of, numbers, delivered))
    if truth is not None:
        write_truth(truth, world, records, as_of)


def _parts(seed: int, land: County, world: People, as_of: date) -> Iterator[Part]:
    schools = education.schools(seed, world, as_of)
    note = f"填表人：陈晓        审核人：赵国平        填表日期：{as_of}"
    yield from _workbooks(
        registry.registry_member(registry.described(seed, world), schools.schooled),
        land,
        as_of,
        f"{COUNTY_NAME}{{town}}防返贫监测家庭成员信息_{as_of:%Y%m%d}.xlsx",
        Layout((f"{COUNTY_NAME}防止返贫监测家庭成员信息表", f"导出时间：{as_of}    单位：人、元"), note=note),
    )
    yield _csv(schools.enrollment, as_of)
    yield Part(
        schools.dropout,
        f"控辍保学台账_{as_of:%Y%m%d}.xlsx",
        as_of,
        Layout((f"{COUNTY_NAME}控辍保学工作台账",)),
    )
    yield Part(
        health.health_major_illness(seed, world, as_of),
        f"大病专项救治台账_{as_of:%Y%m%d}.xlsx",
        as_of,
        Layout(
            (f"{COUNTY_NAME}农村大病专项救治台账", f"截至 {as_of}  单位：元"),
            total="医疗总费用(元)",
            note=note,
        ),
    )
    yield _csv(health.health_chronic_disease(seed, world, as_of), as_of)
    settled = health.health_settlement(seed, world, as_of)
    middle = as_of - timedelta(days=365)
    yield _csv(_only(settled, pl.col("settled_on") <= middle), middle, "utf-8-sig")
    yield _csv(_only(settled, pl.col("settled_on") > middle), as_of, "utf-8-sig")
    yield from _workbooks(
        housing.housing_safety(seed, world, as_of),
        land,
        as_of,
        f"农村住房安全动态监测{{town}}_{as_of:%Y%m%d}.xlsx",
        Layout(
            (f"{COUNTY_NAME}农村住房安全动态监测表",),
            housing.BAND,
            total="补助资金(万元)",
            note=note,
            repeats_header=True,
        ),
    )
    yield _csv(water.water_project(seed, land, as_of), as_of)
    yield from _workbooks(
        water.water_household(seed, world), land, as_of, f"供水到户台账{{town}}_{as_of:%Y%m%d}.xlsx", Layout()
    )
    aid = civil.civil_assistance(seed, world, as_of)
    months = water.months(as_of, civil.CIVIL_MONTHS)
    half = months[len(months) // 2 - 1]
    half_on = date.fromisoformat(f"{months[len(months) // 2]}-01") - timedelta(days=1)
    yield _csv(_only(aid, pl.col("month") <= half), half_on)
    yield _csv(_only(aid, pl.col("month") > half), as_of)


def _csv(table: Table, as_of: date, encoding: str = "gb18030") -> Part:
    return Part(table, f"{table.feed}_990121_{as_of:%Y%m%d}.csv", as_of, encoding=encoding)


def _only(table: Table, rows: pl.Expr) -> Table:
    return replace(table, frame=table.frame.filter(rows))


def _workbooks(table: Table, land: County, as_of: date, file_name: str, layout: Layout) -> Iterator[Part]:
    if len(table.frame) <= _ROWS_OF_ONE_WORKBOOK:
        yield Part(table, file_name.format(town=""), as_of, layout)
        return
    for code, name in land.villages.select("town_code", "town_name").unique(maintain_order=True).iter_rows():
        mine = _only(table, pl.col("division_code").str.slice(0, 9) == code[:9])
        if len(mine.frame):
            yield Part(mine, file_name.format(town=name), as_of, layout)
