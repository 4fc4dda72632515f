"""Watches the inbox and what people decide, and triggers the DAGs that have something to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

EVERY = timedelta(minutes=1)


@dag(
    dag_id="inbox",
    schedule=EVERY,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["ingest"],
    is_paused_upon_creation=False,
    default_args={"retries": 0},
    doc_md="""
Looks at the inbox every minute. A file still being written is left for the next look. The same set of new files
triggers its feed once; so does a file that somebody wants read again, and a batch that was released triggers `warehouse`.

**When it is red:** the inbox cannot be read (mount, rights). Mend that; nothing needs to be cleared, the next look
finds everything.
""",
)
def inbox() -> None:
    """The DAG of the inbox."""

    @task
    def look() -> list[dict[str, str]]:
        from safetynet.tasks import feeds_with_new_files, releases_to_build

        runs = {feed: f"inbox__{feed}__{mark}" for feed, mark in feeds_with_new_files().items()}
        if released := releases_to_build():
            runs["warehouse"] = f"release__{released}"
        return [{"trigger_dag_id": dag_id, "trigger_run_id": run_id} for dag_id, run_id in runs.items()]

    TriggerDagRunOperator.partial(task_id="trigger", skip_when_already_exists=True).expand_kwargs(look())


inbox()
