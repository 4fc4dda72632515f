"""Assets by which DAGs hear of each other; the partitions of the official month's are months, YYYY-MM."""

from airflow.sdk import Asset

WAREHOUSE = Asset(name="warehouse", uri="safetynet://warehouse")
"""The published warehouse."""

MONTH_DUE = Asset(name="month_due", uri="safetynet://month/due")
"""A month that is over, and waits for nobody or for somebody whose time is up."""


def rows_of(feed: str) -> Asset:
    """The accepted rows of a feed."""
    return Asset(name=feed, uri=f"safetynet://feed/{feed}")


def month_of(feed: str) -> Asset:
    """A month of a feed in which everybody who is awaited is in.

    It is not the feed's own asset: a DAG that does not ask for partitions, as the warehouse, hears of no partition.
    """
    return Asset(name=f"{feed}_month", uri=f"safetynet://feed/{feed}/month")
