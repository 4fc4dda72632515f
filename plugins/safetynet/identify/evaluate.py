"""`make evaluate`: generated counties through the pipeline, and every link measured against the truth.

A broken row is one without a number that is its own person's whole number. It is linkable where its person stands in
the files by number or in the registry as well, and decidable where, of all who are known, exactly that person fits all
that the row says: a person who looks into the files could decide it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb

from safetynet.identify import charts, trial
from safetynet.identify.comparisons import MACRO

# Who of the known fits what a broken row says: one name (or one slip away), one place, no digit against it.
_FITTING = """
    CREATE TEMP TABLE fitting AS
    WITH broken AS (FROM working.identity.broken_row),
    known AS (FROM working.identity.known_person),
    pair AS (
        SELECT broken.person_id AS own_id, known.person_id AS known_id, broken, known
        FROM broken JOIN known
            ON broken.person_name = known.person_name AND broken.county_code = known.county_code
        UNION ALL
        SELECT broken.person_id, known.person_id, broken, known
        FROM broken JOIN known
            ON coalesce(broken.division_code, broken.town_code) = coalesce(known.division_code, known.town_code)
            AND is_name_slip(broken.person_name, known.person_name)
    )
    SELECT DISTINCT own_id, known_id FROM pair
    WHERE
        own_id <> known_id AND (known_id > 0 OR NOT broken.is_registered)
        AND coalesce(broken.division_code = known.division_code, broken.county_code = known.county_code)
        AND coalesce(broken.sex = known.sex, true)
        AND coalesce(broken.household_code = known.household_code, true)
        AND coalesce(abs(broken.birth_date - known.birth_date) <= 31, true)
        AND coalesce(starts_with(known.number_text, broken.number_prefix), true)
        AND coalesce(
            damerau_levenshtein(broken.number_text, known.number_text) <= 1
            OR left(broken.number_text, 14) = left(known.number_text, 14)
            OR (left(broken.number_text, 10) = left(known.number_text, 10)
                AND broken.number_text[15:17] = known.number_text[15:17]),
            true
        )
"""
_MEASURED = """
    CREATE TEMP TABLE measured AS
    WITH main AS (
        SELECT person_id, mode(person_key ORDER BY person_key) AS person_key
        FROM (
            SELECT person_id, person_key FROM placed
            QUALIFY (is_id_whole AND is_id_own) = max(is_id_whole AND is_id_own) OVER (PARTITION BY person_id)
        )
        GROUP BY person_id
    ),
    owner AS (SELECT person_key, mode(person_id ORDER BY person_id) AS person_id FROM placed GROUP BY person_key),
    known AS (
        SELECT DISTINCT known_person.person_id AS known_id, coalesce(self.true_id, true_person.person_id) AS true_id
        FROM working.identity.known_person
        LEFT JOIN self ON known_person.person_id = self.own_id
        LEFT JOIN true_person ON known_person.person_id = left(true_person.id_number, 17)::BIGINT
    ),
    only_fitting AS (
        SELECT own_id, min(true_id) AS true_id
        FROM fitting JOIN known USING (known_id) GROUP BY own_id HAVING count(DISTINCT true_id) = 1
    ),
    broken AS (
        SELECT placed.*, exact_link.own_id, broken_row.is_registered
        FROM placed JOIN working.identity.exact_link USING (batch_id, row_number)
        LEFT JOIN (SELECT DISTINCT person_id, is_registered FROM working.identity.broken_row) AS broken_row
            ON exact_link.own_id = broken_row.person_id
    )
    SELECT
        broken.*,
        coalesce(
            split_part(list_filter(damages, lambda way: starts_with(way, 'id_number:'))[1], ':', 2), 'none'
        ) AS damage,
        broken.person_key = main.person_key AS is_on_its_person,
        broken.match_method = 'linked' AND owner.person_id <> broken.person_id AS is_wrong,
        broken.match_method = 'linked' AND owner.person_id = broken.person_id AS is_right,
        broken.match_method = 'linked' AS is_linked,
        EXISTS (
            FROM known WHERE known.true_id = broken.person_id AND known.known_id <> broken.own_id
            AND (known.known_id > 0 OR NOT broken.is_registered)
        ) AS is_linkable,
        only_fitting.true_id IS NOT DISTINCT FROM broken.person_id AND only_fitting.true_id IS NOT NULL AS is_decidable
    FROM broken
    JOIN main USING (person_id)
    JOIN owner ON broken.person_key = owner.person_key
    LEFT JOIN only_fitting USING (own_id)
"""
_COUNTS = """
    count(*) AS broken,
    count(*) FILTER (is_linkable) AS linkable,
    count(*) FILTER (is_decidable) AS decidable,
    count(*) FILTER (is_linked) AS linked,
    count(*) FILTER (is_wrong) AS wrong,
    round(100 * count(*) FILTER (is_decidable AND is_right) / nullif(count(*) FILTER (is_decidable), 0), 2)
        AS "recall of decidable, %",
    round(100 * count(*) FILTER (is_linkable AND is_right) / nullif(count(*) FILTER (is_linkable), 0), 2)
        AS "recall of linkable, %",
    round(100 * count(*) FILTER (is_on_its_person) / count(*), 2) AS "on their person, %"
"""


def measure(county: duckdb.DuckDBPyConnection) -> None:
    """Make tables fitting and measured (one row per broken row) in an opened trial."""
    county.execute(MACRO)
    county.execute(_FITTING)
    county.execute(_MEASURED)


def tables(county: duckdb.DuckDBPyConnection) -> list[str]:
    """What there is to tell of a measured trial, as Markdown."""
    overall = """
        SELECT
            count(*) AS rows,
            round(100 * (count(*) - (SELECT count(*) FROM measured WHERE NOT is_on_its_person)) / count(*), 2)
                AS "rows on their person, %",
            (SELECT count(*) FROM (
                SELECT person_key FROM placed GROUP BY person_key HAVING count(DISTINCT person_id) > 1
            )) AS "keys that hold two people",
            (SELECT count(*) FROM current.quality.link_review) AS "left to a person"
        FROM placed
    """
    return [
        _markdown(county, overall),
        _markdown(county, f"SELECT {_COUNTS} FROM measured"),
        _markdown(county, f"SELECT feed, {_COUNTS} FROM measured GROUP BY feed ORDER BY feed"),
        _markdown(county, f"SELECT damage, {_COUNTS} FROM measured GROUP BY damage ORDER BY count(*) DESC, damage"),
    ]


def _markdown(county: duckdb.DuckDBPyConnection, query: str) -> str:
    found = county.sql(query)
    rows = [found.columns, ["---"] * len(found.columns), *found.fetchall()]
    return "\n".join(f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |" for row in rows)


def main() -> None:
    """Make, build and measure a county at each rate of mess."""
    parser = argparse.ArgumentParser(prog="python -m safetynet.identify.evaluate", description=__doc__)
    parser.add_argument("--households", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=7, help="of the first county; the model was trained on another")
    parser.add_argument("--mess", type=float, nargs="+", default=[0.03, 0.15])
    parser.add_argument("--built", type=Path, nargs="*", help="counties that have been built, instead of making some")
    parser.add_argument("--charts", type=Path, help="folder for Splink's charts of the last county")
    parser.add_argument("--form", default="html", help="of the charts: html; svg and png need vl-convert-python")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="safetynet-evaluate-") as folder:
        counties = (
            [(root.name, trial.opened(root)) for root in options.built]
            if options.built
            else [
                (
                    f"{mess:.0%} mess, {options.households:,} households",
                    trial.built(Path(folder, str(place)), options.households, options.seed + place, mess),
                )
                for place, mess in enumerate(options.mess)
            ]
        )
        for title, county in counties:
            measure(county)
            print(f"\n## {title}", *tables(county), sep="\n\n")
        if options.charts:
            charts.draw(counties[-1][1], options.charts, options.form)
        for _, county in counties:
            county.close()


if __name__ == "__main__":
    main()
