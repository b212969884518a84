"""Recovering an environment, or one component of it, from the restore point of a deployment.

It reads and writes with the credentials of the person who runs it, through the controller's own adapters, and needs of
the controller only its bucket. Where there is a ledger, the environment is held meanwhile and the timeline tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from controller.aws.client.clients import Clients
from controller.domain.checks.verification import outside_checks_of
from controller.domain.components.target import Target
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.restore_point import folder
from controller.domain.timeline import TimelineEvent
from controller.errors import UnknownEnvironmentError
from controller.ports.world import World
from controller.probing import probe_all
from controller.settings import Settings
from controller.wiring import aws_world
from selfright.account.account import Account
from selfright.components.kind import Recovering
from selfright.components.recovered import Recovery, RecoveryStep, cannot
from selfright.components.registry import kind_of
from selfright.errors import AdviceError
from selfright.recovery import hold
from selfright.recovery.point import KeptPoint, PointManifest, find_root


@dataclass(frozen=True)
class Done:
    """What a recovery did, and what is wrong afterwards (nothing, if it went well)."""

    steps: Sequence[RecoveryStep]
    trouble: Sequence[str] = ()


class Restoration:
    """One recovery. `deployment` is None where there is no ledger to ask."""

    def __init__(self, world: World, point: KeptPoint, clients: Clients, deployment: Deployment | None) -> None:
        self.world, self.point, self.deployment = world, point, deployment
        self._clients = clients

    @property
    def manifest(self) -> PointManifest:
        """What was live then."""
        return self.point.manifest

    @cached_property
    def environment(self) -> Environment:
        """Where it runs: as it is registered now, else as it was then."""
        if self.deployment:
            try:
                return self.world.environments.get(self.manifest.application, self.manifest.environment)
            except UnknownEnvironmentError:
                pass
        return self.point.environment

    def plan(self, component: str | None = None) -> list[RecoveryStep]:
        """What is not as it was then, for all components or one; a database is restored only when it is named.

        Raises `AdviceError` when the restore point has no such component.
        """
        known = self.manifest.components
        if component is not None and component not in known:
            step = f"It has: {', '.join(sorted(known))}."
            raise AdviceError(f"The restore point of {self.manifest.deployment_id} has no '{component}'.", step)
        names = [component] if component else sorted(known)
        return [step for name in names for step in self._of(name, asked=bool(component))]

    def _of(self, name: str, *, asked: bool) -> list[RecoveryStep]:
        target, entry = self.environment.components.get(name), self.manifest.components[name]
        if target is None or target.kind != entry.kind:
            return [cannot(name, f"the environment has no {entry.kind} '{name}' any more.")]
        if kind_of(target.kind).only_by_name and not asked:
            return [RecoveryStep(name, f"a {target.kind} is restored only by name: --component {name}")]
        return [step for recovery in self._recoveries(name, target) for step in recovery.plan()]

    def _recoveries(self, name: str, target: Target) -> Sequence[Recovery]:
        recovering = Recovering(
            self._clients,
            self.point.bucket,
            name,
            self.manifest.components[name],
            self.point.document(name),
            self.manifest.deployment_id,
        )
        return kind_of(target.kind).recoveries(recovering, target)

    def run(self, steps: Sequence[RecoveryStep], component: str | None = None) -> Done:
        """Do the steps in their order, look that all was done, and write it into the timeline.

        Raises `AdviceError` when a deployment is on its way; a step that fails ends it. What was not brought to its end
        leaves the environment held.
        """
        key, deployment_id = self.manifest.environment_key, self.manifest.deployment_id
        if self.deployment is None:
            return self._done(steps, component)
        hold.take(self.world, key, deployment_id)
        done = self._done(steps, component)
        if not done.trouble:
            hold.free(self.world, key, deployment_id, self.manifest.live if component is None else None)
        return done

    def _done(self, steps: Sequence[RecoveryStep], component: str | None) -> Done:
        for step in steps:
            if step.level == "do":
                step.act()
                self._tell("recovered", f"{step.component}: {step.text}.")
        trouble = [f"{one.component}: {one.text}" for one in self.plan(component) if one.level != "note"]
        trouble += self._outside() if not trouble and component is None else []
        if not trouble:
            self._tell("recovery_verified", f"{component or 'Everything'} is as the restore point says.")
        return Done(steps, trouble)

    def _outside(self) -> list[str]:
        """The checks of the release that is live again, from outside."""
        if not self.deployment or not self.manifest.live:
            return []
        checks = outside_checks_of(self.world.deployments.get(self.manifest.live))
        results = probe_all(self.world.probe, self.environment, checks)
        return [f"{result.check}: {result.detail}" for result in results if not result.passed]

    def _tell(self, kind: str, message: str) -> None:
        if self.deployment:
            event = TimelineEvent(self.world.clock.now(), kind, f"By hand: {message}")
            self.world.deployments.record(self.deployment.deployment_id, event)


def restoration(account: Account, deployment_id: str, bucket: str | None = None) -> Restoration:
    """The recovery from a deployment's restore point; with `bucket`, without the controller and its ledger.

    Raises `AdviceError` when there is no restore point.
    """
    clients = Clients()
    if bucket:
        root = find_root(bucket, deployment_id, clients)
        return Restoration(aws_world(Settings(bucket=bucket)), KeptPoint(bucket, root, "", clients), clients, None)
    deployment = account.ledger.get(deployment_id)
    own = account.resources
    if not deployment.export:
        message = f"Nothing was exported before {deployment_id}: it is {deployment.phase}, or was told not to."
        raise AdviceError(message, "`selfright rollback` puts a release back without an export.")
    root = folder(deployment.application, deployment.environment, deployment_id)
    point = KeptPoint(own.bucket, root, deployment.export, clients)
    return Restoration(aws_world(Settings(table=own.table, bucket=own.bucket)), point, clients, deployment)
