"""`make bench`: every promised figure, beside the usual way of doing the same and the floor under both."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks import data, floor, ours, usual
from benchmarks.measure import Measured, alone

_SMALL = 300
_PARTS = ("csv", "xlsx", "month", "build", "link")


def main() -> None:
    """Make the files, measure each part in processes of its own, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a csv file (default: %(default)s)")
    parser.add_argument("--households", type=int, default=50_000, help="of the county's month (default: %(default)s)")
    parser.add_argument(
        "--build-households", type=int, default=50_000, help="of the drop that dbt builds; 275000 are a million persons"
    )
    parser.add_argument(
        "--usual-rows", type=int, default=1_000_000, help="rows of a csv file that the usual way is given at most"
    )
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    options = parser.parse_args()
    _print_machine()
    with tempfile.TemporaryDirectory(prefix="safetynet-bench-") as name:
        folder = Path(name)
        print("Making the county …", flush=True)
        inbox, references = data.county(folder / "county", options.households)
        _print_head()
        if "csv" in options.only:
            for feed in data.ENCODINGS:
                _csv(feed, inbox, references, folder, options.rows, options.usual_rows)
        if "xlsx" in options.only:
            _xlsx(inbox, references, folder)
        if {"month", "build"} & set(options.only):
            usual_county = alone(usual.county, inbox)
        if "month" in options.only:
            small, _ = data.county(folder / "small", _SMALL)
            taken = alone(ours.month, inbox, references, small, folder / "month")
            _print_section(f"A county's month, {options.households:,} households, warm", "≤ 15 s")
            _print_ours(taken)
            _print_usual(usual_county, taken.rows)
            _print_floor(alone(floor.county, inbox))
        if {"build", "link"} & set(options.only):
            if options.build_households != options.households:
                inbox, references = data.county(folder / "large", options.build_households)
            home = folder / "home"
            taken = alone(ours.county, inbox, references, home)
        if "build" in options.only:
            first = alone(ours.warehouse, inbox, references, home)
        if "link" in options.only:
            alone(ours.warehouse, inbox, references, home, True)
            _print_section("Broken rows scored against all persons", "≤ 60 s, ≤ 4 GB for 57,000 against 1.1 million")
            _print_line("ours: Splink over the warehouse", alone(ours.link, home))
        if "build" in options.only:
            built = alone(ours.warehouse, inbox, references, home)
            built.rows = first.rows = taken.rows
            _print_section(f"The dbt build, {options.build_households:,} households", "≤ 30 s for 275,000 households")
            _print_line("ours: before it, every file taken in by two", taken)
            _print_line("ours: first build, dbt parses the project", first)
            _print_line("ours: a later build, dbt's start included", built)
            merged, used = usual_county.seconds["merge"], usual_county.processor["merge"]
            _print_usual(Measured(usual_county.rows, {"merge": merged}, {"merge": used}, usual_county.peak), taken.rows)
            _print_floor(alone(floor.lake, home))


def _csv(feed: str, inbox: Path, references: Path, folder: Path, rows: int, usual_rows: int) -> None:
    path = folder / f"{feed}.csv"
    data.large_csv(inbox, feed, rows, path)
    taken = alone(ours.one_file, feed, path, references, folder / feed)
    _print_section(f"{feed}, csv, {data.ENCODINGS[feed]}", "≥ 300,000 rows/s, ≤ 2 GB; Great Expectations ≤ 3 s/million")
    _print_ours(taken)
    _print_usual(alone(usual.one_file, feed, path, min(rows, usual_rows)), taken.rows)
    _print_floor(alone(floor.one_file, feed, path))
    path.unlink()


def _xlsx(inbox: Path, references: Path, folder: Path) -> None:
    feed = "registry_member"
    path = max((inbox / feed).iterdir())
    taken = alone(ours.one_file, feed, path, references, folder / feed)
    _print_section(f"{feed}, xlsx, {taken.rows:,} rows of 19 columns", "≥ 40,000 rows/s")
    _print_ours(taken)
    _print_usual(alone(usual.one_file, feed, path, None), taken.rows)
    _print_floor(alone(floor.one_file, feed, path))


def _print_machine() -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    packages = ("duckdb", "apache-airflow", "dbt-core", "great-expectations", "pandas", "pyarrow", "polars")
    print(f"{cores} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in packages))  # fmt: skip


def _print_head() -> None:
    print(f"\n{'':54}{'rows':>10}{'seconds':>9}{'cpu s':>9}{'rows/s':>10}{'peak MB':>9}")


def _print_section(title: str, target: str) -> None:
    print(f"\n{title}  ({target})", flush=True)


def _print_ours(measured: Measured) -> None:
    """What ours took; what is within a part, on the clock by its share of the part's processor time."""
    rows, peak = measured.rows, measured.peak
    total, used = sum(measured.seconds.values()), sum(measured.processor.values())
    for name, seconds in measured.seconds.items():
        _print_row(f"ours: {name}", rows, seconds, measured.processor[name], peak)
        if name in measured.within:
            told, processor = measured.within[name]
            share = seconds * processor / measured.processor[name]
            print(f"    {f'of which {told}':50}{'':>10}{share:>9.2f}{processor:>9.2f}")
            total, used = total - share, used - processor
    if len(measured.seconds) > 1 and ours.PUBLISHED not in measured.seconds:
        _print_line("ours: together", measured)
        _print_row(f"ours: together, {ours.VALIDATED} beside", rows, total, used, peak)


def _print_usual(measured: Measured, rows: int) -> None:
    scale = rows / measured.rows
    scaled = f", scaled from {measured.rows:,} rows" if scale > 1 else ""
    for name, seconds in measured.seconds.items():
        _print_row(f"usual: {name}", rows, seconds * scale, measured.processor[name] * scale, 0)
    total, used = sum(measured.seconds.values()) * scale, sum(measured.processor.values()) * scale
    _print_row(f"usual: together{scaled}", rows, total, used, measured.peak)


def _print_floor(measured: Measured) -> None:
    _print_line("floor: DuckDB reads and joins, no check", measured)


def _print_line(title: str, measured: Measured) -> None:
    _print_row(title, measured.rows, sum(measured.seconds.values()), sum(measured.processor.values()), measured.peak)


def _print_row(title: str, rows: int, seconds: float, used: float, peak: int) -> None:
    memory = f"{peak / 2**20:,.0f}" if peak else ""
    print(f"  {title:52}{rows:>10,}{seconds:>9.2f}{used:>9.2f}{rows / seconds:>10,.0f}{memory:>9}", flush=True)


if __name__ == "__main__":
    main()
