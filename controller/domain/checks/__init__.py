"""Verification checks: requests, pages and loads, and what their answers must be."""
