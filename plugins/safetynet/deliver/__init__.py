"""What people are told: messages to owners and the summary of a run."""
