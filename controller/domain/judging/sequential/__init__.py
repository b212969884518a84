"""The sequential test: evidence that may be looked at as often as one likes. `docs/judge.md` has the method."""
