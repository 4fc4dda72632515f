"""What must be true of a batch: reasons per row in one pass, and Great Expectations' verdict on the whole."""
