"""Airflow over one home: its settings, one run of the main job through the DAGs, and the services with their UI."""
