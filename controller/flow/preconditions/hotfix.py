"""Hotfixes: a release that is to silence an alarm may begin although that alarm is firing.

The alarms that fire when it begins neither guard nor judge it: the comparison of the versions takes their place, and
all other alarms guard it as usual. The same holds for the first release of an environment: what is firing then measures
the placeholder, or nothing. As long as stable serves any visitor, such an alarm says nothing about the new
release, even if it recovers and fires again. With all visitors on the new release it does: once it is `OK` then, it
guards the deployment again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from controller.domain.deployment import Deployment, Hotfix
from controller.domain.environment import Environment
from controller.domain.phases import MOVING
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.flow.shared.timeline import record
from controller.ports.world import World

FIRST_RELEASE = "it is the first release here, so the alarm measures what was there before it"


def guarding(environment: Environment, deployment: Deployment) -> list[str]:
    """The alarms that guard this deployment."""
    return [name for name in environment.deployment_preference.alarms if name not in deployment.ignored_alarms]


def ignore_firing_alarms(world: World, deployment: Deployment, states: Mapping[str, str]) -> Hotfix | None:
    """Ignore the alarms that are firing, if this is a hotfix or the first release; None otherwise, or if none is."""
    firing = tuple(sorted(name for name, state in states.items() if state == "ALARM"))
    upload = deployment.upload
    why = upload.hotfix or ("" if deployment.previous else FIRST_RELEASE)
    if not firing or not why:
        return None
    world.guards.close(deployment.deployment_id, firing)
    return Hotfix(firing, why, upload.by)


def record_ignored_alarms(world: World, deployment: Deployment) -> None:
    """Record in the timeline which alarms are ignored, who asked for that, and why."""
    if hotfix := deployment.hotfix:
        names = ", ".join(hotfix.alarms)
        asked = "release" if hotfix.reason == FIRST_RELEASE else f"hotfix by {hotfix.by or 'somebody'}"
        said = f"Alarm {names} is firing, and does not guard this {asked}: {hotfix.reason}"
        record(world, deployment.deployment_id, EventKind.HOTFIX, said)


def recovered(world: World, deployment: Deployment, states: Mapping[str, str] | None) -> Deployment:
    """Let the ignored alarms guard again that are `OK` once all visitors are on the new release."""
    quiet: Sequence[str] = [name for name in deployment.ignored_alarms if (states or {}).get(name) == "OK"]
    if deployment.hotfix is None or deployment.weight < ALL or not quiet:
        return deployment
    world.guards.open(deployment.deployment_id, quiet)
    left = tuple(name for name in deployment.ignored_alarms if name not in quiet)
    record(world, deployment.deployment_id, EventKind.GUARDED, f"Alarm {', '.join(quiet)} is OK, and guards again.")
    hotfix = replace(deployment.hotfix, alarms=left)
    return world.deployments.update(deployment.deployment_id, {"hotfix": hotfix}, phases=MOVING)
