"""The outcome of a version's previous attempt decides whether it may be released.

Only evidence against it burns a version, and even then a person may say that the cause was elsewhere: a *retry*
releases the same contents again.
"""

from controller.domain.phases import Phase
from controller.errors import InvalidBundleError

NEW_ADVICE = "Correct it and release it under a new version."


def check_previous_attempt(  # noqa: PLR0913 - what is known, and what is asked
    known: tuple[str, Phase] | None,
    environment_key: str,
    version: str,
    digest: str,
    deployment_id: str = "",
    *,
    retry: bool = False,
) -> None:
    """Raise `InvalidBundleError` when this version was refused here by evidence before, or had other contents.

    `known` is the digest and the last phase of the previous attempt, None when there was none; `digest` is that of the
    new release, which is the deployment `deployment_id` if it has been uploaded. With `retry`, the same contents are
    released again, whatever speaks against them.
    """
    if known is None:
        return
    former, phase = known
    condemned = phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}
    if condemned and not (retry and former == digest):
        reason = f"Version {version} was rolled back in {environment_key} before, because of evidence against it."
        raise InvalidBundleError(reason, f"{NEW_ADVICE}{_retry(environment_key, deployment_id, same=former == digest)}")
    if former != digest:
        reason = f"Version {version} was released in {environment_key} with other contents."
        raise InvalidBundleError(reason, "A version never changes: give this release a new version.")


def _retry(environment_key: str, deployment_id: str, *, same: bool) -> str:
    """How to release the same contents all the same; "" when these are others."""
    if not same:
        return ""
    which = "" if deployment_id else f" (`selfright history {environment_key}` lists the deployments)"
    command = f'`selfright retry {deployment_id or "DEPLOYMENT"} --reason "…"`'
    return f" If the cause was not in it: {command} releases the same contents again{which}."
