"""Builds the warehouse when any feed has new rows: one dbt process, failing models under their own names."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from safetynet.contract import contracts
from safetynet.orchestrate.assets import WAREHOUSE, rows_of
from safetynet.orchestrate.retries import TRANSIENT


@dag(
    dag_id="warehouse",
    schedule=AssetAny(*(rows_of(feed) for feed in contracts())),
    catchup=False,
    max_active_runs=1,
    tags=["warehouse"],
    is_paused_upon_creation=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "retry_policy": TRANSIENT},
    params={"as_of": "", "known_at": ""},
    doc_md="""
Builds every mart from the kept batches in one dbt process and switches `current` when all tests pass.

| what is red | what it means | what to do |
| --- | --- | --- |
| `failing` | each entry is a model or test that failed; analysts still read the last build | look at `<home>/dbt/logs/dbt.log`, mend the model or the data, clear `build` |
| `build` | dbt did not start, or the disk is full | mend it and clear `build` |
| `tell_owners` | a channel does not answer | nothing: it is asked once more, then the message goes to operations, see `make incidents` |

Clearing `build` is always safe: it builds a new file beside the published one. Trigger it with `as_of` and `known_at`
to answer for another date; that result lies beside `current` and leaves it alone.
""",
)
def warehouse() -> None:
    """The DAG of the warehouse."""

    @task
    def build(as_of: str, known_at: str) -> list[str]:
        from safetynet.tasks import build_warehouse
        from safetynet.warehouse.build import NothingToBuild

        try:
            return build_warehouse(as_of, known_at)
        except NothingToBuild as nothing:
            raise AirflowSkipException(str(nothing)) from nothing

    @task(retries=0, map_index_template="{{ model }}")
    def failing(model: str) -> None:
        from airflow.sdk import get_current_context

        get_current_context()["model"] = model
        raise AirflowFailException(model)

    @task(trigger_rule="none_failed", outlets=[WAREHOUSE])
    def publish(failed: list[str]) -> None:
        if failed:
            raise AirflowSkipException("nothing was published")

    @task(trigger_rule="all_done")
    def tell_owners() -> None:
        from safetynet.tasks import send_run_messages, tell_lineage

        tell_lineage()
        send_run_messages()

    failed = build("{{ params.as_of }}", "{{ params.known_at }}")
    failing.expand(model=failed)
    publish(failed)
    failed >> tell_owners()


warehouse()
