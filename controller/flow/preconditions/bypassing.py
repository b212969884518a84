"""Whether somebody calls a function without its alias: who does runs what is only staged. Nothing is touched yet."""

from collections.abc import Mapping

from controller.domain.advice import BYPASSED_ADVICE, bypassed
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
    refused: list[str] = []
    said: list[str] = []
    for name, component in components.items():
        target = environment.components[name]
        callers = component.bypassed_by() if target.staged_in_place else ()
        if callers:
            sentence = f"{name}: {bypassed(callers, target.entrance)}"
            (refused if target.when_bypassed == "refuse" else said).append(sentence)
    if refused:
        raise RefusedError(" ".join(refused), BYPASSED_ADVICE)
    for sentence in said:
        record(world, deployment.deployment_id, EventKind.REMARK, sentence)
