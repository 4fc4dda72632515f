"""Freezes a month's indicators when every department's month is in, or when a person releases it with a reason."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import AssetAny, Param, PartitionedAssetTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from safetynet.contract import contracts
from safetynet.orchestrate.assets import MONTH_DUE, month_of
from safetynet.orchestrate.retries import TRANSIENT

ASKS_FOR = timedelta(hours=22)
"""How long one question waits; the watchdog's next look asks anew, with what has come in the meantime."""


def _month() -> str:
    """The month of this run: its partition, or what somebody who triggered it gave."""
    context = get_current_context()
    return str(context["partition_key"] or context["params"]["month"])


@dag(
    dag_id="official_month",
    schedule=PartitionedAssetTimetable(assets=AssetAny(MONTH_DUE, *(month_of(feed) for feed in contracts()))),
    catchup=False,
    max_active_runs=16,
    tags=["warehouse"],
    is_paused_upon_creation=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "retry_policy": TRANSIENT},
    params={"month": ""},
    doc_md="""
One partition is one month. Whenever a department's month is complete, and each morning from the watchdog, `look` asks
the ledger who is still missing, and names them. Nobody: `freeze` keeps the month's indicators for good. Somebody, and
everybody's time is up: `release` waits for a person (Required Actions), who approves with a reason or rejects, which
is to wait on; without an answer the next morning asks anew. Trigger it with `month` to be asked before that.

| what is red | what it means | what to do |
| --- | --- | --- |
| `release`, `freeze` "It takes …" | it was approved without a reason | clear `release`, and give one |
| `freeze` "official/… is not …", a model or test | the month's build failed, and nothing was frozen | mend it, clear `freeze` |
| `freeze` after retries | the disk is full, or the ledger does not answer | mend it, clear `freeze`: it goes on where it was |

What is skipped was frozen already, or waits: the log of `look` names for whom.
""",
)
def official_month() -> None:
    """The DAG of the official month."""

    @task
    def look() -> list[str]:
        from safetynet.tasks import month_waits_for

        context = get_current_context()
        missing = month_waits_for(_month())
        if missing is None:
            raise AirflowSkipException("it is frozen already")
        is_asked = context["dag_run"].run_type == "manual" or bool(context["triggering_asset_events"].get(MONTH_DUE))
        if missing and not is_asked:
            raise AirflowSkipException("it waits for " + "; ".join(missing))
        return missing

    @task.branch
    def decide(missing: list[str]) -> str:
        return "release" if missing else "freeze"

    release = ApprovalOperator(
        task_id="release",
        subject="{{ partition_key or params.month }}：不再等待，直接固化？ Freeze the month without them?",
        body="{% for each in ti.xcom_pull(task_ids='look') %}- {{ each }}\n{% endfor %}",
        params={
            "reason": Param(
                None, type=["null", "string"], minLength=1, title="原因（不写姓名、证件号） Reason, no names"
            )
        },
        defaults="Reject",
        response_timeout=ASKS_FOR,
    )

    @task(trigger_rule="none_failed_min_one_success")
    def freeze() -> str:
        from safetynet.official.month import AlreadyFrozen, NotFrozen
        from safetynet.tasks import freeze_month

        answer = get_current_context()["ti"].xcom_pull(task_ids="release") or {}
        by = (answer.get("responded_by_user") or {}).get("name", "")
        try:
            return freeze_month(_month(), by, answer.get("params_input", {}).get("reason", ""))
        except AlreadyFrozen as frozen:
            raise AirflowSkipException(str(frozen)) from frozen
        except NotFrozen as refused:
            raise AirflowFailException(str(refused)) from refused

    frozen = freeze()
    decide(look()) >> [release, frozen]
    release >> frozen
    frozen >> TriggerDagRunOperator(
        task_id="build",
        trigger_dag_id="warehouse",
        trigger_run_id="official__{{ ti.xcom_pull(task_ids='freeze') }}",
        skip_when_already_exists=True,
    )


official_month()
