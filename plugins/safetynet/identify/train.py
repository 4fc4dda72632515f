"""`python -m safetynet.identify.train`: trains the model on a generated county, whose truth is known, and pins it.

m is estimated by Splink from the true pairs, u from every pair of a broken row and a known person less the true ones.
What no pair of the county shows gets the chance of half a pair. The thresholds are kept as they are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from safetynet.identify import comparisons, trial
from safetynet.identify.model import PATH
from safetynet.identify.score import linker

MOST_KNOWN = 0.95

# A broken row and the way of telling its person that comes nearest to it.
_TRUE_PAIRS = """
    CREATE TEMP TABLE labels AS
    WITH person AS (
        SELECT DISTINCT known_person.person_id, coalesce(self.true_id, true_person.person_id) AS true_id
        FROM working.identity.known_person
        LEFT JOIN self ON known_person.person_id = self.own_id
        LEFT JOIN true_person ON known_person.person_id = left(true_person.id_number, 17)::BIGINT
    )
    SELECT
        'broken' AS source_dataset_l, broken.unique_id AS unique_id_l,
        'known' AS source_dataset_r, known.unique_id AS unique_id_r, 1.0 AS clerical_match_score
    FROM working.identity.broken_row AS broken
    JOIN self ON broken.person_id = self.own_id
    JOIN person USING (true_id)
    JOIN working.identity.known_person AS known ON person.person_id = known.person_id
    WHERE broken.person_id <> known.person_id AND (known.person_id > 0 OR NOT broken.is_registered)
    QUALIFY row_number() OVER (
        PARTITION BY broken.unique_id
        ORDER BY
            known.person_id > 0 DESC,
            broken.person_name = known.person_name DESC,
            broken.household_code IS NOT DISTINCT FROM known.household_code DESC,
            broken.division_code IS NOT DISTINCT FROM known.division_code DESC,
            known.person_name, known.division_code, known.household_code
    ) = 1
"""


def trained(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], dict[str, float]]:
    """Splink's settings as found on an opened trial, and the shares of broken rows that are of somebody known."""
    connection.execute(_TRUE_PAIRS)
    broken = connection.sql("FROM working.identity.broken_row")
    known = connection.sql("FROM working.identity.known_person")
    true_pairs, rows, persons = _counts(connection)
    pairs = rows * persons
    with linker(connection, broken, known, comparisons.settings()) as made:
        made.training.estimate_u_using_random_sampling(max_pairs=pairs + 1, seed=1, min_count_per_level=None)
        made.training.estimate_m_from_pairwise_labels("labels")
        settings: dict[str, Any] = made.misc.save_model_to_json()
    declared = [level for levels in comparisons.COMPARISONS.values() for level in levels]
    found = [level for comparison in settings["comparisons"] for level in comparison["comparison_levels"]]
    for stated, level in zip(declared, found, strict=True):
        if stated.is_null:
            continue
        m = level.get("m_probability") or 0.0
        u = level.get("u_probability") or 0.0
        level["m_probability"] = _rounded(max(m, stated.least, 0.5 / true_pairs))
        level["u_probability"] = _rounded(max((u * pairs - m * true_pairs) / (pairs - true_pairs), 0.5 / pairs))
    return settings, _known_shares(connection)


def _known_shares(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """In a generated county next to nobody is in one department's file alone; in a real one that is not so rare."""
    shares = connection.execute("""
        SELECT CASE WHEN is_registered THEN 'registered' ELSE 'other' END, count(labels.unique_id_l) / count(*)
        FROM working.identity.broken_row AS broken LEFT JOIN labels ON broken.unique_id = labels.unique_id_l
        GROUP BY ALL ORDER BY ALL
    """).fetchall()
    return {kind: round(min(share, MOST_KNOWN), 2) for kind, share in shares}


def _rounded(probability: float) -> float:
    return float(f"{probability:.3g}")


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    ((pairs, rows, persons),) = connection.execute("""
        SELECT
            (SELECT count(*) FROM labels),
            (SELECT count(*) FROM working.identity.broken_row),
            (SELECT count(*) FROM working.identity.known_person)
    """).fetchall()
    return pairs, rows, persons


def main() -> None:
    """Generate, build, train, and write model.json anew."""
    parser = argparse.ArgumentParser(prog="python -m safetynet.identify.train", description=__doc__)
    parser.add_argument("--households", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--mess", type=float, default=0.15)
    parser.add_argument("--built", type=Path, help="a county that has been built, instead of making one")
    options = parser.parse_args()
    pinned = json.loads(PATH.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="safetynet-train-") as folder:
        made = (
            trial.opened(options.built)
            if options.built
            else trial.built(Path(folder), options.households, options.seed, options.mess)
        )
        with made:
            settings, share = trained(made)
    pinned["trained"] = {
        "by": "python -m safetynet.identify.train",
        "households": options.households,
        "seed": options.seed,
        "mess": options.mess,
        "splink": version("splink"),
    }
    pinned["model"] |= {"known_share": share, "splink": settings}
    PATH.write_text(json.dumps(pinned, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            told = (comparison["output_column_name"], level["label_for_charts"])
            print(*told, level.get("m_probability"), level.get("u_probability"), sep="\t")


if __name__ == "__main__":
    main()
