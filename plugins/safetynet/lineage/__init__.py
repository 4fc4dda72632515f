"""Lineage as OpenLineage events: from the landed file through the lake to every table, names and counts only.

The events are written by this package rather than by Airflow's provider and dbt's wrapper, which tell a task's source,
its rendered templates and compiled SQL besides, and cost more than what they tell of.
"""
