"""The ways to bring a build to visitors. Each measures its own time, and reports afterwards what is wrong."""

from typing import Protocol

from benchmarks.workload import Build


class Way(Protocol):
    """One way to release, with its own resources."""

    name: str

    def reset(self) -> None:
        """Set everything back to the state before the first release."""

    def release(self, build: Build) -> float:
        """Release the build; returns seconds."""

    def roll_back(self, before: Build) -> float:
        """Undo the last release that changed something, after which `before` was live; returns seconds."""

    def wrong(self, build: Build) -> list[str]:
        """What is wrong while this build should be live, compared object by object and version by version."""

    def use(self, endpoint: str) -> None:
        """Send requests to this address from now on (a counting proxy, or the local AWS itself)."""
