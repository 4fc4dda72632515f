"""One build of the warehouse: its inputs laid out, one dbt process, and both files published at once."""
