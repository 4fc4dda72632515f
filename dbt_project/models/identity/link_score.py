"""Scores each broken row against the known persons who may be meant; see safetynet.identify.score."""


def model(dbt, session):
    """dbt's own signature."""
    dbt.config(materialized="table")
    from safetynet.identify.score import score

    return score(session, dbt.ref("broken_row"), dbt.ref("known_person"))
