"""Pages in Airflow's UI: feeds, batches, incidents, people and signals; rendered here, in Chinese and in English."""
