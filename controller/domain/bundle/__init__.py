"""A release bundle: its manifest, its artifacts, and reading it with suspicion."""
