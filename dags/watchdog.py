"""Looks every morning for what should be there and is not: deliveries, space on the disk, channels that answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from safetynet.orchestrate.assets import MONTH_DUE
from safetynet.orchestrate.retries import TRANSIENT


@dag(
    dag_id="watchdog",
    schedule=CronTriggerTimetable("30 8 * * *", timezone="Asia/Shanghai"),
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["incidents"],
    is_paused_upon_creation=False,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=20), "retry_policy": TRANSIENT},
    doc_md="""
Compares each contract's calendar with the periods that were received, opens an incident for what is late, for a disk
that runs full and for a channel that does not answer, and writes to operations about what nobody acknowledged. It wakes
`official_month` for each month that is complete, or that somebody is too late for.

**When it is red:** a channel does not answer, or the ledger cannot be written. Mend that and clear the task:
nothing is opened or told twice.
""",
)
def watchdog() -> None:
    """The DAG of the watchdog."""

    @task(trigger_rule="all_done")
    def look() -> None:
        from safetynet.tasks import watch_deliveries

        watch_deliveries()

    @task(outlets=[MONTH_DUE])
    def months() -> None:
        from safetynet.tasks import months_due

        due = months_due()
        if not due:
            raise AirflowSkipException("no month waits to be frozen")
        get_current_context()["outlet_events"][MONTH_DUE].add_partitions(due)

    months() >> look()


watchdog()
