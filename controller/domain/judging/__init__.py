"""Judging a canary: what was measured, what it shows, and the verdict."""
