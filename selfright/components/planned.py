"""The plan of one component of any kind, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Change = Literal["new", "changed", "unchanged", "unknown"]
"""`unknown`: the live revision cannot be compared; staging the component shows whether it changes."""


@dataclass(frozen=True)
class Difference:
    """One setting before and after; None where it is not set. With `secret`, the values are hidden."""

    name: str
    before: str | None
    after: str | None
    secret: bool = False


@dataclass(frozen=True)
class Package:
    """A component's code in bytes: the live one, the new one, and the new one unpacked; None where unknown.

    `limit` is AWS's limit for the unpacked code; `same` says that the new code is the live code.
    """

    before: int | None = None
    after: int | None = None
    unpacked: int | None = None
    limit: int | None = None
    same: bool = False


@dataclass(frozen=True)
class Items:
    """Names (of files, settings, resources: `what`) that are added, changed and removed.

    With `listed` False, people see only how many there are, because the names are many and say little.
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
    """Compare two sets of names with their contents (or the digests of these)."""
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
    """The uploads for a component: at most `count` of `total` pieces (`what`), `size` bytes together."""

    what: Literal["files", "layers"]
    count: int
    total: int
    size: int


@dataclass(frozen=True)
class Refusal:
    """Why the controller would refuse the release, in its own words, and what to do."""

    reason: str
    next_step: str = ""


@dataclass(frozen=True)
class ComponentPlan:
    """What happens to one component. `live` is the revision that visitors get when the release begins ("" for none).

    That is now, or after the deployment that is on its way. `at_once`: all visitors get it at the first step, because
    it was never live; others follow the steps. So does one that is `indivisible`, if it is not refused: then that is
    why AWS cannot divide its visitors.
    """

    name: str
    kind: str
    change: Change
    live: str = ""
    wave: int = 0
    at_once: bool = False
    indivisible: str = ""
    differences: tuple[Difference, ...] = ()
    package: Package | None = None
    items: Items | None = None
    transfer: Transfer | None = None
    risks: tuple[str, ...] = ()
    """Changes that could not be rolled back, as sentences."""
    remarks: tuple[str, ...] = ()
    """What nothing refuses, but somebody may not have meant, as sentences."""
    refusal: Refusal | None = None
    ends_after: int | None = None
    """The seconds after which Lambda ends the function, as it will be; None for other kinds."""


@dataclass(frozen=True)
class LambdaCalls:
    """The number of requests to Lambda's control plane, by the part of the deployment."""

    staging: int = 0
    shifting: int = 0
    baking: int = 0
    closing: int = 0
    rollback: int = 0

    def __add__(self, other: "LambdaCalls") -> "LambdaCalls":
        """The sum of the requests for two components."""
        return LambdaCalls(
            self.staging + other.staging,
            self.shifting + other.shifting,
            self.baking + other.baking,
            self.closing + other.closing,
            self.rollback + other.rollback,
        )

    @property
    def total(self) -> int:
        """All requests of a good release; those of a rollback are not included."""
        return self.staging + self.shifting + self.baking + self.closing
