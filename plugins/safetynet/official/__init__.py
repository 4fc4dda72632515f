"""The official month: who is still missing, and its indicators, frozen once and for good."""
