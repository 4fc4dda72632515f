"""What fails, from its first failure until it is over: opened, acknowledged, resolved, and told once."""
