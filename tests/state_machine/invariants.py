"""What must be true after every case, however it went."""

import json
from itertools import pairwise

from moto.sns.models import sns_backends

from controller.domain.deployment import Deployment
from tests.state_machine.moto_engine import ACCOUNT, REGION
from tests.state_machine.world import MotoWorld, guards

NO_EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:none:none"
"""The execution of a deployment that a test wrote into the ledger."""


def check_lock(world: MotoWorld, environment_key: str, *, held: bool) -> None:
    """No deployment holds the lock or waits for it; the environment is held only when a rollback failed."""
    lock = world.locks.load(environment_key)
    assert (lock.holder, lock.waiting) == ("", None), "the lock is not free"
    assert bool(lock.held) == held, f"held: {lock.held!r}"


def check_ended(world: MotoWorld, topic: str, deployment: Deployment, *, extra_notification: bool) -> None:
    """The deployment has ended, and people were notified once for each time that it did."""
    assert deployment.phase.is_terminal, f"{deployment.deployment_id} is still {deployment.phase}"
    assert deployment.is_told
    told, ends = _notifications(topic, deployment), _ends(world, deployment)
    assert told == ends or (extra_notification and told == ends + 1), f"{told} notifications of {ends} ends"


def check_guards(table: str) -> None:
    """No alarm guards anything any more."""
    assert not guards(table), "a guard is still open"


def check_live(world: MotoWorld, environment_key: str) -> None:
    """Every component serves one revision: the live release's, or what was there before there was one."""
    live = world.locks.load(environment_key).live
    staged = world.deployments.get(live).staged if live else {}
    for name, component in world.components.items():
        expected = staged[name].id if name in staged else f"{name}-0"
        assert component.serving == {expected}, f"{name}: {component.switch.position}, expected {expected}"


def _ends(world: MotoWorld, deployment: Deployment) -> int:
    """How often it ended: once, and once more for each rollback by a person after that."""
    kinds = [event.kind for event in world.deployments.timeline(deployment.deployment_id)]
    ended = [kind for kind in kinds if kind in {"closed", "rolling_back"}]
    again = sum(pair == ("closed", "rolling_back") for pair in pairwise(ended))
    return again + (deployment.execution_arn != NO_EXECUTION)


def _notifications(topic: str, deployment: Deployment) -> int:
    sent = sns_backends[ACCOUNT][REGION].topics[topic].sent_notifications
    return sum(json.loads(message[1])["deployment_id"] == deployment.deployment_id for message in sent)
