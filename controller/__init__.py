"""Selfright's controller: what runs in AWS."""
