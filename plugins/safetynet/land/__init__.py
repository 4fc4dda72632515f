"""Files as they were delivered: found in the inbox, copied byte for byte, named by their sha256."""
