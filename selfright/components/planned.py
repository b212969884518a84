"""What a plan says of one component, whatever its kind, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Change = Literal["new", "changed", "unchanged", "unknown"]
"""`unknown`: what is live cannot be compared, so that it is told only when the component is staged."""


@dataclass(frozen=True)
class Difference:
    """One setting before and after; None where it is not set. With `secret`, the values are kept to themselves."""

    name: str
    before: str | None
    after: str | None
    secret: bool = False


@dataclass(frozen=True)
class Package:
    """A component's code in bytes: as it is live, as it comes, and unpacked; None where that cannot be known.

    `limit` is what AWS takes of it unpacked; `same` says that the code that comes is the live one.
    """

    before: int | None = None
    after: int | None = None
    unpacked: int | None = None
    limit: int | None = None
    same: bool = False


@dataclass(frozen=True)
class Items:
    """Names (of files, settings, resources: `what`) that come, become others, and go.

    Of those that are many and say little (`listed` is False), people are told only how many there are.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    what: str = "names"
    listed: bool = True

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.changed or self.removed)


def compare(before: Mapping[str, str], after: Mapping[str, str], what: str = "names", *, listed: bool = True) -> Items:
    """The difference of two sets of names with their contents (or digests of them)."""
    common = before.keys() & after.keys()
    return Items(
        tuple(sorted(after.keys() - common)),
        tuple(sorted(name for name in common if before[name] != after[name])),
        tuple(sorted(before.keys() - common)),
        what,
        listed,
    )


@dataclass(frozen=True)
class Transfer:
    """What the controller has to upload for a component: at most so many pieces (`what`) and bytes, of `total`."""

    what: Literal["files", "layers"]
    count: int
    total: int
    size: int


@dataclass(frozen=True)
class Refusal:
    """Why the controller would not take the release, in its own words, and what to do."""

    reason: str
    next_step: str = ""


@dataclass(frozen=True)
class ComponentPlan:
    """What happens to one component. `live` is the revision that visitors get now ("" for none).

    `at_once` says that all visitors get it at the first step, while others go by the steps: it was never live.
    """

    name: str
    kind: str
    change: Change
    live: str = ""
    wave: int = 0
    at_once: bool = False
    differences: tuple[Difference, ...] = ()
    package: Package | None = None
    items: Items | None = None
    transfer: Transfer | None = None
    risks: tuple[str, ...] = ()
    """What of it could not be rolled back, in sentences."""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class LambdaCalls:
    """How many requests the control plane of Lambda gets, by the part of the deployment."""

    staging: int = 0
    shifting: int = 0
    watching: int = 0
    closing: int = 0
    rollback: int = 0

    def __add__(self, other: "LambdaCalls") -> "LambdaCalls":
        """Those of two components together."""
        return LambdaCalls(
            self.staging + other.staging,
            self.shifting + other.shifting,
            self.watching + other.watching,
            self.closing + other.closing,
            self.rollback + other.rollback,
        )

    @property
    def total(self) -> int:
        """All that a good release makes; a rollback is not counted in."""
        return self.staging + self.shifting + self.watching + self.closing
