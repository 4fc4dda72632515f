"""One cleaner per kind of column: typed values, and an issue where a cell could not be used."""
