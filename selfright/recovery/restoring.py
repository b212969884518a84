"""Recovers an environment, or one component of it, from the restore point of a deployment.

A recovery uses the credentials of the person who runs it, through the controller's own adapters, and needs only the
controller's bucket. If there is a ledger, the environment is held meanwhile and the timeline records the recovery.
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
from controller.domain.timeline import EventKind, TimelineEvent
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
    """The steps of a recovery, and the problems found afterwards (none, if it succeeded)."""

    steps: Sequence[RecoveryStep]
    trouble: Sequence[str] = ()


class Restoration:
    """One recovery. `deployment` is None without a ledger."""

    def __init__(self, world: World, point: KeptPoint, clients: Clients, deployment: Deployment | None) -> None:
        self.world, self.point, self.deployment = world, point, deployment
        self._clients = clients

    @property
    def manifest(self) -> PointManifest:
        """The manifest of the restore point."""
        return self.point.manifest

    @cached_property
    def environment(self) -> Environment:
        """The environment as it is registered now; if it is not, as it was then."""
        if self.deployment:
            try:
                return self.world.environments.get(self.manifest.application, self.manifest.environment)
            except UnknownEnvironmentError:
                pass
        return self.point.environment

    def plan(self, component: str | None = None) -> list[RecoveryStep]:
        """The steps for all components or one; a database is restored only if it is named.

        Raises `AdviceError` if the restore point has no such component.
        """
        known = self.manifest.components
        if component is not None and component not in known:
            step = f"It has: {', '.join(sorted(known))}."
            raise AdviceError(f"The restore point of {self.manifest.deployment_id} has no '{component}'.", step)
        names = [component] if component else sorted(known)
        return [step for name in names for step in self._steps_of(name, named=bool(component))]

    def _steps_of(self, name: str, *, named: bool) -> list[RecoveryStep]:
        target, entry = self.environment.components.get(name), self.manifest.components[name]
        if target is None or target.kind != entry.kind:
            return [cannot(name, f"the environment has no {entry.kind} '{name}' any more.")]
        if kind_of(target.kind).only_by_name and not named:
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
        """Carry out the steps in order, verify the result, and record it in the timeline.

        Raises `AdviceError` if a deployment is on its way. A failing step ends the recovery. An incomplete one
        leaves the environment held.
        """
        key, deployment_id = self.manifest.environment_key, self.manifest.deployment_id
        if self.deployment is None:
            return self._carry_out(steps, component)
        hold.take(self.world, key, deployment_id)
        done = self._carry_out(steps, component)
        if not done.trouble:
            hold.free(self.world, key, deployment_id, self.manifest.live if component is None else None)
        return done

    def _carry_out(self, steps: Sequence[RecoveryStep], component: str | None) -> Done:
        for step in steps:
            if step.level == "do":
                step.act()
                self._record(EventKind.RECOVERED, f"{step.component}: {step.text}.")
        trouble = [f"{one.component}: {one.text}" for one in self.plan(component) if one.level != "note"]
        trouble += self._outside() if not trouble and component is None else []
        if not trouble:
            self._record(EventKind.RECOVERY_VERIFIED, f"{component or 'Everything'} is as the restore point says.")
        return Done(steps, trouble)

    def _outside(self) -> list[str]:
        """The failed outside checks of the release that is live again."""
        if not self.deployment or not self.manifest.live:
            return []
        checks = outside_checks_of(self.world.deployments.get(self.manifest.live))
        results = probe_all(self.world.probe, self.environment, checks)
        return [f"{result.check}: {result.detail}" for result in results if not result.passed]

    def _record(self, kind: EventKind, message: str) -> None:
        if self.deployment:
            event = TimelineEvent(self.world.clock.now(), kind, f"By hand: {message}")
            self.world.deployments.record(self.deployment.deployment_id, event)


def restoration(account: Account, deployment_id: str, bucket: str | None = None) -> Restoration:
    """Make the recovery from a deployment's restore point; with `bucket`, it needs neither controller nor ledger.

    Raises `AdviceError` if there is no restore point.
    """
    clients = Clients()
    if bucket:
        root = find_root(bucket, deployment_id, clients)
        return Restoration(aws_world(Settings(bucket=bucket)), KeptPoint(bucket, root, "", clients), clients, None)
    deployment = account.ledger.get(deployment_id)
    own = account.resources
    if not deployment.export:
        why = f"it is {deployment.phase}, or its environment does not require an export"
        message = f"Nothing was exported before {deployment_id}: {why}."
        raise AdviceError(message, "`selfright rollback` undoes a release without an export.")
    root = folder(deployment.application, deployment.environment, deployment_id)
    point = KeptPoint(own.bucket, root, deployment.export, clients)
    return Restoration(aws_world(Settings(table=own.table, bucket=own.bucket)), point, clients, deployment)
