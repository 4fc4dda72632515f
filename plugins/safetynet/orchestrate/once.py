"""One run of the main job through the DAGs, in a process of its own: `python -m safetynet.orchestrate.once FEED …`.

Runs the ingest DAG of each named feed, then the warehouse DAG. Says what it is doing, and what failed, on the file
descriptor named by SAFETYNET_PROGRESS, one line each; everything else goes to its log.
"""

from __future__ import annotations

import os
import sys

import airflow  # noqa: F401  (before any DAG file is imported)
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk import DAG, TaskInstanceState

from safetynet.home import CHECKOUT

_VERDICTS = ("take_in", "watcher")
"""Tasks that are red in Airflow when a file is rejected or held; the summary tells of those files."""


def _tell(line: str) -> None:
    os.write(int(os.environ["SAFETYNET_PROGRESS"]), f"{line}\n".encode())


def _dags() -> dict[str, DAG]:
    folder = CHECKOUT / "dags"
    bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="safetynet")
    if bag.import_errors:
        raise RuntimeError(f"DAG files do not import: {sorted(bag.import_errors)}")
    return dict(bag.dags)


def _run(dag: DAG, conf: dict[str, str] | None = None) -> None:
    """Run a DAG and tell which of its tasks failed for another reason than a file's verdict."""
    run = dag.test(run_conf=conf)
    for instance in run.get_task_instances(state=[TaskInstanceState.FAILED]):
        if instance.task_id not in _VERDICTS:
            _tell(f"failed {dag.dag_id} {instance.rendered_map_index or instance.task_id}")


def main(feeds: list[str]) -> int:
    """Run the DAGs; what fails is told, and the exit code is 0 once all have run."""
    dags = _dags()
    for feed in feeds:
        _tell(f"ingest {feed}")
        _run(dags[feed])
    _tell("warehouse")
    _run(
        dags["warehouse"],
        {"as_of": os.environ.get("SAFETYNET_AS_OF", ""), "known_at": os.environ.get("SAFETYNET_KNOWN_AT", "")},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
