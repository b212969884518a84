"""A release bundle: its manifest, its artifacts, and a reader that trusts nothing in it."""
