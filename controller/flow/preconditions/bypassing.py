"""Whether somebody calls a function without its alias: who does runs what is only staged. Nothing is touched yet."""

from collections.abc import Mapping

from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.timeline import EventKind
from controller.errors import RefusedError
from controller.flow.shared.timeline import record
from controller.ports.components import Component
from controller.ports.world import World


def check_bypassing(
    world: World, environment: Environment, deployment: Deployment, components: Mapping[str, Component]
) -> None:
    """Say who bypasses the traffic of a component; raise `RefusedError` where the environment says so."""
    refused: dict[str, str] = {}
    said: list[str] = []
    for name, component in components.items():
        target = environment.components[name]
        if not target.staged_in_place:
            continue
        found = component.bypassed_by()
        reason, advice = found.refusal(target)
        if reason:
            refused[f"{name}: {reason}"] = advice
        said += [f"{name}: {sentence}" for sentence in found.said(target)]
    if refused:
        raise RefusedError(" ".join(refused), " ".join(dict.fromkeys(refused.values())))
    for sentence in said:
        record(world, deployment.deployment_id, EventKind.REMARK, sentence)
