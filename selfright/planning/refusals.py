"""The reasons for which the controller would refuse a release, in its own words, before the upload."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.advice import ACCUSED_ADVICE, ALARM_ADVICE, held_advice
from controller.domain.bundle.manifest import Manifest
from controller.domain.bundle.secret_needs import absent, secret_of
from controller.domain.bundle.secrets import SecretNeed
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.history import accusation
from controller.domain.judging.verdict import alarm_trouble
from controller.domain.previous_attempt import check_previous_attempt
from controller.errors import InvalidBundleError, NotFoundError
from controller.ports.world import World
from selfright.components.planned import Refusal

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class DescribedSecrets:
    """Says whether a secret exists without reading its value, so a plan needs no permission to read it."""

    def __init__(self, secrets: "SecretsManagerClient | None" = None) -> None:
        """`secrets` is the client to use (default: the process's own)."""
        self._secrets = secrets or client("secretsmanager")

    def has(self, secret_id: str) -> bool:
        """Whether the secret exists and is not scheduled for deletion."""
        with suppress(NotFoundError), calling("secretsmanager:DescribeSecret", secret_id):
            return "DeletedDate" not in self._secrets.describe_secret(SecretId=secret_id)
        return False


def refusals(  # noqa: PLR0913, PLR0917 - the release, its place, and its kind
    world: World,
    environment: Environment,
    manifest: Manifest,
    digest: str,
    has_secret: Callable[[str], bool],
    states: Mapping[str, str],
    *,
    hotfix: bool,
) -> list[Refusal]:
    """All reasons against releasing this valid bundle now; the controller would stop at the first.

    `states` are those of the environment's alarms; for a `hotfix`, and for the first release here, alarms that are
    firing are no reason.
    """

    def seen(deployment_id: str) -> Deployment | None:
        with suppress(NotFoundError):
            return world.deployments.get(deployment_id) if deployment_id else None
        return None

    found: list[Refusal] = []
    try:
        former = world.versions.previous_attempt(environment.key, manifest.version)
        check_previous_attempt(former, environment.key, manifest.version, digest)
    except InvalidBundleError as error:
        found.append(Refusal(error.reason, error.next_step))
    lock = world.locks.load(environment.key)
    if held := lock.held:
        found.append(Refusal(f"The environment is held: {held}", held_advice(environment.key, held, lock.held_by)))
    ignoring = hotfix or not lock.live
    alarms = environment.deployment_preference.alarms
    if trouble := alarm_trouble(states, [name for name in alarms if not (ignoring and states.get(name) == "ALARM")]):
        found.append(Refusal(trouble, ALARM_ADVICE))
    if accused := "" if hotfix else accusation(seen, seen(lock.live)):
        found.append(Refusal(accused, ACCUSED_ADVICE))
    return [*found, *_missing(environment, manifest.secrets, has_secret)]


def _missing(
    environment: Environment, needs: Sequence[SecretNeed], has_secret: Callable[[str], bool]
) -> Iterator[Refusal]:
    """The missing secrets; only the controller checks the keys within a secret."""
    for need in needs:
        if not has_secret(secret_id := secret_of(environment, need)):
            error = absent(need, secret_id)
            yield Refusal(error.reason, error.next_step)
