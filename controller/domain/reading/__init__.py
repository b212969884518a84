"""Reads text that people write, from untrusted sources: each text has one meaning, or is refused with its place."""
