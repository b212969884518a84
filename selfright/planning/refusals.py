"""The reasons for which the controller would refuse a release, in its own words, before the upload."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.previous_attempt import check_previous_attempt
from controller.errors import InvalidBundleError, NotFoundError
from controller.ports.world import World
from selfright.components.planned import Refusal
from selfright.planning.ground import Ground

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FIRING = "ALARM"


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


@dataclass(frozen=True)
class Asked:
    """A release that is planned: its valid manifest and its digest, where it goes, and what it will stand on.

    `states` are those of the environment's alarms; for a `hotfix`, and for the first release here, alarms that are
    firing are no reason against it. `attempt` gives the deployment that released a version here last ("" for none).
    """

    environment: Environment
    manifest: Manifest
    digest: str
    states: Mapping[str, str]
    ground: Ground
    attempt: Callable[[str], str]
    hotfix: bool = False


def refusals(world: World, asked: Asked, lock: Lock, has_secret: Callable[[str], bool]) -> list[Refusal]:
    """All reasons against releasing this valid bundle now; the controller would stop at the first.

    While a deployment is on its way, what may have passed when that has ended is no reason: see `passing`.
    """
    key, version, found = asked.environment.key, asked.manifest.version, list[Refusal]()
    try:
        former = world.versions.previous_attempt(key, version)
        if asked.ground.before and asked.ground.has_other_contents(version, asked.digest):
            former = former or (asked.ground.before.digest, Phase.SUCCEEDED)
        known = asked.attempt(version) if former else ""
        check_previous_attempt(former, key, version, asked.digest, known)
    except InvalidBundleError as error:
        found.append(Refusal(error.reason, error.next_step))
    if held := lock.held:
        found.append(Refusal(f"The environment is held: {held}", held_advice(key, held, lock.held_by)))
    waits = bool(lock.holder)
    if trouble := _alarm_trouble(asked, firing=not (asked.hotfix or waits) and bool(lock.live)):
        found.append(Refusal(trouble, ALARM_ADVICE))
    if accused := "" if asked.hotfix or waits else _accusation(world, lock.live):
        found.append(Refusal(accused, ACCUSED_ADVICE))
    return [*found, *_missing(asked.environment, asked.manifest.secrets, has_secret)]


def passing(world: World, asked: Asked, lock: Lock) -> Iterator[str]:
    """What would refuse the release if it still were so when the deployment has ended that is on its way."""
    if asked.hotfix or not lock.holder:
        return
    alarms = sorted(asked.environment.deployment_preference.alarms)
    firing = alarm_trouble(asked.states, [name for name in alarms if asked.states.get(name) == FIRING])
    for trouble in filter(None, (firing, _accusation(world, lock.live))):
        yield f"{trouble.rstrip('.')}. If it still is so when {lock.holder} has ended, this release is refused."


def _alarm_trouble(asked: Asked, *, firing: bool) -> str:
    """What is wrong with the alarms; those that are firing only count with `firing`."""
    alarms = asked.environment.deployment_preference.alarms
    return alarm_trouble(asked.states, [name for name in alarms if firing or asked.states.get(name) != FIRING])


def _accusation(world: World, live: str) -> str:
    def seen(deployment_id: str) -> Deployment | None:
        with suppress(NotFoundError):
            return world.deployments.get(deployment_id) if deployment_id else None
        return None

    return accusation(seen, seen(live))


def _missing(
    environment: Environment, needs: Sequence[SecretNeed], has_secret: Callable[[str], bool]
) -> Iterator[Refusal]:
    """The missing secrets; only the controller checks the keys within a secret."""
    for need in needs:
        if not has_secret(secret_id := secret_of(environment, need)):
            error = absent(need, secret_id)
            yield Refusal(error.reason, error.next_step)
