"""What an examination of AWS finds: plain values, made by the kinds of components and by `selfright doctor`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from controller.domain.environment import Environment

if TYPE_CHECKING:
    from controller.aws.client.clients import Clients

Severity = Literal["ok", "note", "problem"]
"""`problem`: a release would fail, or could not be rolled back. `note`: it succeeds, but a person should know."""


@dataclass(frozen=True)
class Finding:
    """One finding: what was found, what it means, and what to do; the last two are empty when all is well.

    `action` is the permission that the caller lacks, if the finding is that something could not be read.
    """

    severity: Severity
    found: str
    means: str = ""
    next_step: str = ""
    action: str = ""


@dataclass(frozen=True)
class Examination:
    """A look at one thing. `look` only reads; what it raises becomes a finding about `subject`."""

    subject: str
    look: Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Examining:
    """The component `name` of an environment, which a kind examines `now`, with the caller's permissions.

    `role` looks for an IAM role by its ARN; it raises `NotFoundError`. `divides`: a release sends a share of the
    visitors to a canary before all of them get it.
    """

    clients: "Clients"
    environment: Environment
    name: str
    now: datetime
    divides: bool
    role: Callable[[str], Iterable[Finding]]


def ok(found: str) -> Finding:
    """All is well."""
    return Finding("ok", found)


def note(found: str, means: str, next_step: str = "") -> Finding:
    """A release succeeds all the same."""
    return Finding("note", found, means, next_step)


def problem(found: str, means: str, next_step: str) -> Finding:
    """A release would fail."""
    return Finding("problem", found, means, next_step)
