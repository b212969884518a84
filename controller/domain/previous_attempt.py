"""The outcome of a version's previous attempt decides whether it may be released.

Only evidence against it burns a version, and even then a person may say that the cause was elsewhere: a *retry*
releases the same contents again.
"""

from controller.domain.phases import Phase
from controller.errors import InvalidBundleError

RETRY_ADVICE = (
    "Correct it and release it under a new version. If the cause was not in it:"
    ' `selfright retry DEPLOYMENT --reason "…"` releases the same contents again.'
)


def check_previous_attempt(
    known: tuple[str, Phase] | None, environment_key: str, version: str, digest: str, *, retry: bool = False
) -> None:
    """Raise `InvalidBundleError` when this version was refused here by evidence before, or had other contents.

    `known` is the digest and the last phase of the previous attempt, None when there was none; `digest` is that of the
    new release. With `retry`, the same contents are released again, whatever speaks against them.
    """
    if known is None:
        return
    former, phase = known
    condemned = phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}
    if condemned and not (retry and former == digest):
        reason = f"Version {version} was rolled back in {environment_key} before, because of evidence against it."
        raise InvalidBundleError(reason, RETRY_ADVICE)
    if former != digest:
        reason = f"Version {version} was released in {environment_key} with other contents."
        raise InvalidBundleError(reason, "A version never changes: give this release a new version.")
