"""Whether the visitors of each component can be divided as the steps want it, before anything is touched.

AWS Lambda does not let two versions share an alias that have another execution role or dead-letter queue. It says so
only when the first weight is to be set.
"""

from collections.abc import Mapping

from controller.domain.advice import INDIVISIBLE_ADVICE
from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Deployment, Revision
from controller.domain.environment import Environment
from controller.domain.history import served_until
from controller.domain.steps import refusal_of
from controller.errors import RefusedError
from controller.ports.components import Component
from controller.ports.world import World


def check_divisible(
    world: World,
    environment: Environment,
    deployment: Deployment,
    components: Mapping[str, Component],
    live: Mapping[str, Revision],
) -> None:
    """Raise `RefusedError` if the release could not get visitors in the environment's steps."""
    asked = {name: one for name, one in components.items() if environment.components[name].divides_visitors}
    if not asked:
        return
    with world.bundles.open(deployment.upload) as file:
        bundle = BundleArchive(file)
        artifacts = bundle.manifest().components
        found = {name: one.why_indivisible(artifacts[name], bundle, live[name]) for name, one in asked.items()}
    indivisible = {name: why for name, why in found.items() if why}
    if not indivisible:
        return
    served = served_until(world.deployments.get, deployment.previous)
    newcomers = [name for name in indivisible if served is not None and name not in served]
    if why := refusal_of(environment, indivisible, newcomers):
        raise RefusedError(why, INDIVISIBLE_ADVICE)
