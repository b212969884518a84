"""The rules of a release as pure code: no AWS, no clock, no network."""
