"""How fast the pipeline is, beside the usual way of doing the same and the floor under both."""
