"""Which errors of a task are worth another try."""

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

TRANSIENT = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=OSError, action=RetryAction.RETRY, reason="disk or network"),
        RetryRule(exception="sqlalchemy.exc.OperationalError", action=RetryAction.RETRY, reason="ledger"),
        RetryRule(exception=MemoryError, action=RetryAction.RETRY, reason="memory"),
    ],
    default=RetryAction.FAIL,
)
"""Disk, network, memory and the ledger's database may recover; what is wrong with a file will not."""
