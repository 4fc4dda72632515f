"""One run of the main job through the DAGs, in a process of its own: `python -m safetynet.orchestrate.once FEED …`.

Runs the ingest DAG of each named feed, then the warehouse DAG. Says what it is doing on the file descriptor named by
SAFETYNET_PROGRESS, one line each; everything else goes to its log. Exit code 1 when the warehouse was not built.
"""

from __future__ import annotations

import os
import sys

import airflow  # noqa: F401  (before any DAG file is imported)
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk import DAG, DagRunState

from safetynet.home import CHECKOUT


def _tell(line: str) -> None:
    os.write(int(os.environ["SAFETYNET_PROGRESS"]), f"{line}\n".encode())


def _dags() -> dict[str, DAG]:
    folder = CHECKOUT / "dags"
    bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="safetynet")
    if bag.import_errors:
        raise RuntimeError(f"DAG files do not import: {sorted(bag.import_errors)}")
    return dict(bag.dags)


def main(feeds: list[str]) -> int:
    """Run the DAGs; returns 0 when the warehouse is built, whatever the verdicts of the files."""
    dags = _dags()
    for feed in feeds:
        _tell(f"ingest {feed}")
        dags[feed].test()
    _tell("warehouse")
    parameters = {"as_of": os.environ.get("SAFETYNET_AS_OF", ""), "known_at": os.environ.get("SAFETYNET_KNOWN_AT", "")}
    run = dags["warehouse"].test(run_conf=parameters)
    return 0 if run.state == DagRunState.SUCCESS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
