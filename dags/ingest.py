"""One DAG per feed: what is new in its inbox folder is landed, read, cleaned, checked and published."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from safetynet.contract import Contract, contracts
from safetynet.orchestrate.assets import month_of, rows_of
from safetynet.orchestrate.retries import TRANSIENT

DOCUMENTATION = """
**{title_zh} · {title_en}** — {department_zh} ({contact}), {delivery}, {cadence}

Reads new files of `<inbox>/{feed}/` and publishes each as a batch of the lake.

| what is red | what it means | what to do |
| --- | --- | --- |
| one `take_in`, and with it `watcher` | that file was rejected or held; the other files were taken in | read its log line and the owner's message; a held batch: `make release BATCH=… REASON=…` |
| `take_in` after retries | disk, memory or the ledger's database failed | mend it and clear the task: nothing is lost, nothing is taken in twice |
| `land` | the home cannot be written | mend it and clear the task |
| `inbox_is_readable` | this account may not read the files that its log names; all others were taken in | mend their rights; the next run takes them in |
| `month` | the ledger does not answer | nothing: the watchdog looks at each month every morning |
| `tell_owner` | a channel does not answer | nothing: it is asked once more, then the message goes to operations, see `make incidents` |

Running it again is always safe. What was published before stays in use until a better batch replaces it.
"""


def ingest_dag(contract: Contract) -> DAG:
    """The ingest DAG of one feed; it runs when the inbox DAG, a person or `make run` triggers it."""

    @dag(
        dag_id=contract.feed,
        schedule=None,
        catchup=False,
        max_active_runs=1,
        tags=["ingest", contract.department],
        default_args={"retries": 3, "retry_delay": timedelta(seconds=20), "retry_policy": TRANSIENT},
        doc_md=DOCUMENTATION.format(
            title_zh=contract.title.zh,
            title_en=contract.title.en,
            department_zh=contract.owner.department.zh,
            contact=contract.owner.contact,
            delivery=contract.delivery,
            cadence=contract.cadence,
            feed=contract.feed,
        ),
    )
    def ingest() -> None:
        @task
        def land() -> list[str]:
            from safetynet.tasks import land_feed

            return land_feed(contract.feed)

        @task(retries=0)
        def inbox_is_readable() -> None:
            from safetynet.tasks import refuse_unreadable

            refuse_unreadable(contract.feed)

        @task(map_index_template="{{ source_file }}")
        def take_in(landing_id: str) -> list[dict[str, str | int]]:
            from airflow.sdk import get_current_context

            from safetynet.tasks import source_file, take_in_file

            get_current_context()["source_file"] = source_file(landing_id)
            told, refused = take_in_file(landing_id)
            if refused:
                raise AirflowFailException("; ".join(refused))
            return told

        @task(trigger_rule="all_done")
        def tell_owner() -> None:
            from safetynet.tasks import send_messages, tell_lineage

            tell_lineage()
            send_messages()

        @task(trigger_rule="all_done", outlets=[rows_of(contract.feed)])
        def publish(landing_ids: list[str]) -> None:
            from safetynet.tasks import has_new_rows

            if not has_new_rows(landing_ids):
                raise AirflowSkipException("no batch was accepted")

        @task(trigger_rule="all_done", outlets=[month_of(contract.feed)])
        def month(landing_ids: list[str]) -> None:
            from airflow.sdk import get_current_context

            from safetynet.tasks import has_new_rows, months_in

            months = months_in(contract.feed) if has_new_rows(landing_ids) else []
            if not months:
                raise AirflowSkipException("no month of this feed is complete and waits to be frozen")
            get_current_context()["outlet_events"][month_of(contract.feed)].add_partitions(months)

        @task(trigger_rule="one_failed", retries=0)
        def watcher() -> None:
            raise AirflowFailException("not every file was taken in, see take_in")

        landed = land()
        taken = take_in.expand(landing_id=landed)
        landed >> inbox_is_readable()
        taken >> tell_owner()
        taken >> [publish(landed), month(landed)]
        taken >> watcher()

    return ingest()


for each in contracts().values():
    globals()[each.feed] = ingest_dag(each)
