"""Replays the judge's policy over past traffic: how often it would have been wrong, and how soon right."""
