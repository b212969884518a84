"""Verification checks: requests, pages and loads, and the answers that they expect."""
