"""What became of a version before decides whether it may be released."""

from controller.domain.phases import Phase
from controller.errors import InvalidBundleError
from controller.ports.world import World


def check_previous_attempt(world: World, environment_key: str, version: str, digest: str) -> None:
    """Raises `InvalidBundleError` when this version was rolled back here before, or had other contents."""
    previous_attempt = world.versions.previous_attempt(environment_key, version)
    if previous_attempt is None:
        return
    known, phase = previous_attempt
    if phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}:
        reason = f"Version {version} was rolled back in {environment_key} before."
        raise InvalidBundleError(reason, "Correct it and release it under a new version.")
    if known != digest:
        reason = f"Version {version} was released in {environment_key} with other contents."
        raise InvalidBundleError(reason, "A version never changes: give this release a new version.")
