"""The outcome of a version's previous attempt decides whether it may be released."""

from controller.domain.phases import Phase
from controller.errors import InvalidBundleError


def check_previous_attempt(known: tuple[str, Phase] | None, environment_key: str, version: str, digest: str) -> None:
    """Raise `InvalidBundleError` when this version was rolled back here before, or had other contents.

    `known` is the digest and the last phase of the previous attempt, None when there was none; `digest` is that of the
    new release.
    """
    if known is None:
        return
    former, phase = known
    if phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}:
        reason = f"Version {version} was rolled back in {environment_key} before."
        raise InvalidBundleError(reason, "Correct it and release it under a new version.")
    if former != digest:
        reason = f"Version {version} was released in {environment_key} with other contents."
        raise InvalidBundleError(reason, "A version never changes: give this release a new version.")
