"""Calls of a version as its visitors would make them: checks before traffic, and loads."""
