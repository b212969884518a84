"""The ways to bring a build to visitors. Each times itself, and each tells afterwards what is not as it should be."""

from typing import Protocol

from benchmarks.workload import Build


class Way(Protocol):
    """One way to release, on resources of its own."""

    name: str

    def reset(self) -> None:
        """Make everything as it was before the first release."""

    def release(self, build: Build) -> float:
        """Release the build; returns seconds."""

    def roll_back(self, before: Build) -> float:
        """Undo the last release that changed something, after which `before` was live; returns seconds."""

    def wrong(self, build: Build) -> list[str]:
        """What is not as it should be when this build is live: object by object, version by version."""

    def use(self, endpoint: str) -> None:
        """Talk to AWS at this address from now on (a counting proxy, or the local AWS itself)."""
