"""Examines an account, its controller and its environments before a release does, and changes nothing."""
