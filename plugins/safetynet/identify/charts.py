"""Splink's own charts of the pinned model: what each outcome weighs, and how one pair's weight comes about."""

from __future__ import annotations

from pathlib import Path

import duckdb

from safetynet.identify.model import model
from safetynet.identify.score import linker


def draw(county: duckdb.DuckDBPyConnection, folder: Path, form: str) -> list[Path]:
    """Draw match_weights and waterfall of a generated county, an opened trial, into a folder; returns the files.

    form: html needs nothing more, svg and png need vl-convert-python.
    """
    broken = county.sql("FROM working.identity.broken_row WHERE NOT is_linked")
    known = county.sql("FROM working.identity.known_person")
    ((persons,),) = county.execute("SELECT count(DISTINCT person_id) FROM working.identity.known_person").fetchall()
    settings = model().for_persons(persons) | {"retain_intermediate_calculation_columns": True}
    folder.mkdir(parents=True, exist_ok=True)
    weights, waterfall = (folder / f"{name}.{form}" for name in ("match_weights", "waterfall"))
    with county.cursor() as own, linker(own, broken, known, settings) as made:
        made.visualisations.match_weights_chart().save(str(weights))
        found = made.inference.predict(threshold_match_probability=model().link)
        # A pair that says the most: number, place and name, and the name with a slip in it.
        pair = own.sql(f"FROM {found.physical_name} WHERE gamma_number > 1 ORDER BY gamma_name, unique_id_l LIMIT 1")
        record = dict(zip(pair.columns, pair.fetchall()[0], strict=True))
        made.visualisations.waterfall_chart([record], remove_sensitive_data=True).save(str(waterfall))
    return [weights, waterfall]
