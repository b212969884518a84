"""Reading zips that a stranger made: the directory, an entry, and the rules."""
