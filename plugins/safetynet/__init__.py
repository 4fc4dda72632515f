"""safetynet: from what departments deliver to one warehouse of the monitored low-income population."""
