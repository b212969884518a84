"""Whether a version may be released (again), as its previous attempt in this environment ended."""

from controller.domain.deployment import Deployment
from controller.domain.previous_attempt import check_previous_attempt
from controller.ports.world import World


def check_version(world: World, deployment: Deployment) -> None:
    """Raise `InvalidBundleError` if this version had other contents, or was refused by evidence and is not retried."""
    key, version = deployment.environment_key, deployment.version
    known = world.versions.previous_attempt(key, version)
    retry = bool(deployment.upload.retry)
    check_previous_attempt(known, key, version, deployment.digest, deployment.deployment_id, retry=retry)
