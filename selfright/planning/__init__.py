"""Predicts what a release would do, on the person's machine before the upload, and only by reading."""
