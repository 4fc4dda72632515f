"""Who is who: the keys of persons and households, and the linking of records."""
