"""The lake's Parquet file of a batch and its ledger row, published together."""
