"""Carries out examinations: whatever one of them raises becomes a finding, and the others go on."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError

from controller.aws.client.calls import DENIED
from controller.domain.advice import CHANGED_ADVICE
from controller.errors import AwsError, ConflictError, NotFoundError, SelfrightError, TransientError
from selfright.components.examined import Examination, Finding
from selfright.errors import KNOWN

UNKNOWN = "Whether a release would meet trouble here is not known."
DENIALS = DENIED | {"403", "AuthorizationError", "AuthorizationErrorException"}


@dataclass(frozen=True)
class Diagnosis:
    """A finding about `subject` in `place`: `the account`, `the controller`, or an environment's key."""

    place: str
    subject: str
    finding: Finding


def diagnose(place: str, examination: Examination) -> Iterator[Diagnosis]:
    """The findings of one examination, with what went wrong in it as the last.

    Raises `AwsError` only where no examination can succeed: without valid credentials, or without a region.
    """
    try:
        for finding in examination.look():
            yield Diagnosis(place, examination.subject, finding)
    except (SelfrightError, BotoCoreError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, AwsError) and error.code in KNOWN and not error.transient:
            raise
        yield Diagnosis(place, examination.subject, _trouble(error))


def _trouble(error: Exception) -> Finding:
    said = str(error)
    if isinstance(error, ConflictError):
        means = "Selfright does not overwrite what somebody else changed: a release would be refused."
        return Finding("problem", said, means, CHANGED_ADVICE)
    if isinstance(error, NotFoundError):
        return Finding("problem", said, "A release needs it.", "Create it, or correct its name in the environment.")
    if isinstance(error, AwsError) and error.code in DENIALS:
        action = said.partition(" on ")[0]
        step = f"Run this with credentials that may call {action}."
        return Finding("note", f"you may not call {action}", UNKNOWN, step, action)
    if isinstance(error, TransientError):
        return Finding("note", said, UNKNOWN, "Run this again.")
    if isinstance(error, SelfrightError):
        return Finding("note", said, UNKNOWN, str(getattr(error, "next_step", "")))
    found = f"AWS answered what is not understood here ({type(error).__name__})"
    return Finding("note", found, UNKNOWN, "Look at it in the console.")
