"""Shift traffic: all changed components of a release go to the same weight, together."""

from controller.domain.phases import Phase
from controller.flow.story import Card, card, environment_of, tell
from controller.flow.tripping import permit
from controller.flow.world import World

FROM = frozenset({Phase.STAGING, Phase.SHIFTING, Phase.BAKING, Phase.WATCHING})


def shift(world: World, deployment_id: str, step: int) -> Card:
    """Send the step's share of the visitors to the canary of every changed component.

    Raises `TrippedError` when the deployment may not go on, `ChangedByOthersError` when a person changed a component.
    """
    deployment = permit(world, deployment_id)
    weight = deployment.steps[step].weight
    environment = environment_of(world, deployment)
    token = deployment.turn_token
    world.deployments.update(deployment_id, {"phase": Phase.SHIFTING}, phases=FROM, turn_token=token, untripped=True)
    stable = deployment.restore_point or {}
    for name in deployment.changed:
        component = world.components.get(environment, name)
        component.shift(stable[name], deployment.staged[name], weight, lambda: _check(world, deployment_id))
    shifted = world.deployments.update(
        deployment_id,
        {"weight": weight},
        phases={Phase.SHIFTING},
        turn_token=token,
        untripped=True,
    )
    tell(world, deployment_id, "shifted", f"{weight} % of the visitors get version {deployment.version}.")
    return card(shifted, "shifted", weight=weight)


def _check(world: World, deployment_id: str) -> None:
    permit(world, deployment_id)
