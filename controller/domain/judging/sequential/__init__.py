"""The sequential test: its evidence stays valid however often it is evaluated. `docs/judge.md` has the method."""
