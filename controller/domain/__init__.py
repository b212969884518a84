"""The rules of a release, pure: no AWS, no clock, no network."""
