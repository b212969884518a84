"""Makes a plan with the controller's own rules and adapters and the person's credentials, and changes nothing.

Refusals come from the functions with which the controller refuses a release, so the words are the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from controller.aws.client.clients import Clients
from controller.domain.advice import CHANGED_ADVICE, INDIVISIBLE_ADVICE
from controller.domain.bundle.acceptance import check_release
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import Manifest
from controller.domain.bundle.remarks import STAYS, bounded, remarks_beside, remarks_on, remarks_on_alarms
from controller.domain.bundle.tasks import title
from controller.domain.checks.requests import Request
from controller.domain.checks.verification import checks_of
from controller.domain.components.target import Target
from controller.domain.environment import Environment
from controller.domain.steps import refusal_of
from controller.errors import ChangedByOthersError, InvalidBundleError, NotFoundError, RefusedError
from controller.ports.world import World
from controller.seen_again import seen_again
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Refusal
from selfright.components.registry import kind_of
from selfright.planning.ground import MOVED, Ground, ground_of
from selfright.planning.model import Plan
from selfright.planning.outlook import Usual, outlooks, unjudged
from selfright.planning.refusals import Asked, DescribedSecrets, passing, refusals
from selfright.planning.timing import calls_of, longest_tasks, timing_of

FIRST = "nothing was released here before: a rollback restores what the stack has created, and a site then has no page"
BLIND = (
    "Blind: no check and no alarm looks at this release, and it probably gets too few requests to be judged, so nothing"
    " would show that it is bad."
)


def _tasks(manifest: Manifest) -> Iterator[str]:
    for number, task in enumerate(manifest.tasks, 1):
        yield f"{title(number, task)} stays done: {STAYS}"


def _cut_short(manifest: Manifest, ends_after: Mapping[str, int | None]) -> Iterator[str]:
    """The tasks whose functions have a shorter timeout of their own, which the template says."""
    for number, task in enumerate(manifest.tasks, 1):
        if why := task.why_cut_short(ends_after[task.component]):
            yield f"{title(number, task)}: its timeout {why}."


def _has_secret(secret_id: str) -> bool:
    return DescribedSecrets().has(secret_id)


def _unknown(_: Target) -> None:
    return None


def _no_attempt(_: str) -> str:
    return ""


@dataclass(frozen=True)
class Planner:
    """Plans releases to one environment.

    `has_secret` says whether a secret of this id exists, `usual` gives the usual traffic of a function, and `attempt`
    the deployment that released a version here last. A `hotfix` may begin although alarms are firing.
    """

    world: World
    clients: Clients
    environment: Environment
    has_secret: Callable[[str], bool] = _has_secret
    usual: Usual = _unknown
    attempt: Callable[[str], str] = _no_attempt
    hotfix: bool = False

    def plan(self, bundle: Path) -> Plan:
        """Plan the release of this bundle now; raises `AwsError` if something may not be read."""
        with bundle.open("rb") as file:
            planned = Plan(self.environment.key, bundle_size=bundle.stat().st_size)
            try:
                archive = BundleArchive(file)
                manifest = archive.manifest()
                planned = replace(planned, application=manifest.application, version=manifest.version)
                archive.verify(manifest)
                check_release(self.environment, archive, manifest, self.world.probe.refusal)
            except InvalidBundleError as error:
                return replace(planned, refusals=(Refusal(error.reason, error.next_step),))
            return self._planned(replace(planned, digest=archive.digest()), manifest, archive)

    def _planned(self, planned: Plan, manifest: Manifest, archive: BundleArchive) -> Plan:
        alarms = self.environment.deployment_preference.alarms
        states = self.world.alarms.states(alarms) if alarms else {}
        lock = self.world.locks.load(self.environment.key)
        ground = ground_of(self.world, lock)
        asked = Asked(self.environment, manifest, planned.digest, states, ground, self.attempt, hotfix=self.hotfix)
        refused = refusals(self.world, asked, lock, self.has_secret)
        components = [
            replace(self._component(name, manifest, archive, ground), wave=number)
            for number, wave in enumerate(manifest.waves)
            for name in wave
        ]
        changed = [one.name for one in components if one.change != "unchanged"]
        new = [] if ground.served is None else [name for name in changed if name not in ground.served]
        indivisible = {one.name: one.indivisible for one in components if one.indivisible}
        if why := refusal_of(self.environment, indivisible, new):
            refused = [*refused, Refusal(why, INDIVISIBLE_ADVICE)]
        new = [*new, *(name for name in indivisible if name not in new)]
        uploads = [one.transfer for one in components if one.transfer and one.transfer.what == "files"]
        timing = timing_of(self.environment, changed, new, sum(upload.count for upload in uploads))
        ends_after = {one.name: one.ends_after for one in components}
        timing = replace(timing, tasks=longest_tasks(manifest.tasks, ends_after))
        if len(timing.steps) > 1:
            components = [replace(one, at_once=one.name in new) for one in components]
        compared = set(changed).difference(new)
        missing = unjudged(self.environment, compared, timing.steps, self.usual)
        unseen = BLIND if missing and not alarms and not manifest.verification.everything else ""
        live_version = self.world.deployments.get(lock.live).version if lock.live else ""
        beside = remarks_beside(manifest, self.environment, live_version, ground.served or ())
        return replace(
            planned,
            live_version=live_version,
            waits_for=ground.waits_for,
            components=tuple(components),
            timing=timing,
            calls=calls_of(self.environment, components, timing.steps),
            outlooks=tuple(outlooks(self.environment, compared, timing.steps, self.usual)),
            unjudged=missing,
            remarks=bounded(
                [
                    *filter(None, [ground.said]),
                    *passing(self.world, asked, lock),
                    *beside,
                    *([unseen] if unseen else []),
                    *remarks_on_alarms(states),
                    *remarks_on(manifest, archive),
                    *(f"{one.name}: {said}" for one in components for said in one.remarks),
                    *_cut_short(manifest, ends_after),
                ]
            ),
            risks=(*(() if ground.live else (FIRST,)), *_tasks(manifest), *self._outside_bundles(changed)),
            refusals=(*refused, *(one.refusal for one in components if one.refusal)),
        )

    def _outside_bundles(self, changed: Sequence[str]) -> Iterator[str]:
        """Components outside of bundles, which the changed code may change all the same."""
        for name, target in sorted(self.environment.outside_bundles.items()) if changed else ():
            yield from (f"{name}: {said}" for said in kind_of(target.kind).stays(target))

    def _component(self, name: str, manifest: Manifest, archive: BundleArchive, ground: Ground) -> ComponentPlan:
        artifact = manifest.components[name]
        checks = [check for check in manifest.verification.everything if check.component == name]
        component = self.world.components.get(self.environment, name)
        known = ComponentPlan(name, artifact.kind, "unknown")
        supposed = ground.revision(name)
        if supposed == MOVED:
            return known
        try:
            known = replace(known, live=(supposed or seen_again(component.current)).id)
            planning = Planning(self.clients, component, archive, lambda: self._called_routes(ground.live), checks)
            return kind_of(artifact.kind).plan(planning, self.environment.components[name], known, artifact)
        except (InvalidBundleError, RefusedError) as error:
            return replace(known, refusal=Refusal(error.reason, error.next_step))
        except (ChangedByOthersError, NotFoundError) as error:
            if supposed:  # It is being changed by the deployment on its way, not by a person.
                return known
            return replace(known, refusal=Refusal(str(error), CHANGED_ADVICE))

    def _called_routes(self, live: str) -> set[str]:
        """The routes that the live release is known to call, from its own checks."""
        checks = checks_of(self.world.deployments.get(live)) if live else []
        requests = (check for check in checks if isinstance(check, Request))
        return {f"{check.method} {check.path.partition('?')[0]}" for check in requests}
