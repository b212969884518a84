"""Simulated releases, and their judges: the shipped judge and its rivals."""
