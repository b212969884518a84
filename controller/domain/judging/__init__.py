"""Judging a canary: the measurements, the evidence in them, and the verdict."""
