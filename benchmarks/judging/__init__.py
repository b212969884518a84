"""Simulated releases, and those who judge them: the shipped judge and its rivals."""
