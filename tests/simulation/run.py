"""One run: a plan happens, comes to rest, and is checked; then one more release must go through."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from controller.domain.phases import Phase
from tests.simulation.calls.history import History
from tests.simulation.engine.seam import installed
from tests.simulation.invariants import Ends, retention, violations
from tests.simulation.people import People
from tests.simulation.plan import Plan
from tests.simulation.releases import Release
from tests.simulation.scene import Scene
from tests.simulation.watched import Watched
from tests.simulation.weather.facts import Ended, Facts, judge_ends, sayings

SCHEDULE = 300.0
"""Seconds between two runs of the reconciler by its schedule."""
PATIENCE = 4 * 3600.0
"""Seconds in which a run must come to rest, once the last event has happened and the last outage is over."""
LOST_AFTER = 3600.0
"""Seconds after which an upload without a deployment is lost for good."""
CALM = 600.0
"""Seconds after which a person looks after what is paused."""
AFTER_ALL = 15
"""Quiet runs of the reconciler with which a run ends: more than an hour, after which no guard and no grace is left."""
LAST = Release("9.0.0")
"""The release that must go through at the end."""


@dataclass
class Outcome:
    """How a run went. `calls` and `seconds` (of virtual time) say how long it was; `phases` are the ends of all.

    `met` counts the faults that were met; the first `lines` of the history are those before the further release.
    `facts` are counted in weather.
    """

    plan: Plan
    violations: list[str]
    history: History
    calls: int
    seconds: float
    phases: list[str] = field(default_factory=list)
    met: int = 0
    lines: int = 0
    facts: Facts = field(default_factory=Facts)

    @property
    def troubles(self) -> list[str]:
        """What was violated, and what in weather went wrong for a release or for visitors."""
        return [*self.violations, *self.facts.troubles]

    @property
    def fingerprint(self) -> str:
        """Everything that happened, as text: the same in each run of the same plan."""
        return "\n".join(self.history)


def run(plan: Plan) -> Outcome:
    """Let a plan happen, and check what is left of it."""
    scene = Scene(plan)
    with installed(scene.scheduler, scene.gateway), _undisturbed():
        try:
            return _Run(scene, plan).outcome()
        finally:
            scene.scheduler.close()


def told_of_all(batch: Sequence[Plan]) -> list[tuple[list[str], int]]:
    """Run each plan; returns what to print of it (nothing when all was well), and its calls."""
    told = []
    for plan in batch:
        name = "; ".join([f"seed {plan.seed}, {plan.scenario}", *map(str, plan.faults), *map(str, plan.outages)])
        try:
            outcome = run(plan)
        except Exception as error:  # noqa: BLE001 - a plan that breaks the simulator itself is told as well
            told.append(([name, f"the simulator broke: {error!r}"], 0))
            continue
        told.append(([name, *outcome.troubles] if outcome.troubles else [], outcome.calls))
    return told


class _Run:
    def __init__(self, scene: Scene, plan: Plan) -> None:
        self._scene, self._plan = scene, plan
        self._people = People(scene)
        self._calm_from = max([scene.faults.over_at, *(event.at for event in plan.events)], default=0.0)
        self._quiet = 0

    def outcome(self) -> Outcome:
        scene, plan = self._scene, self._plan
        scene.prepare()
        ends, watched = Ends(scene), Watched(scene)
        for event in plan.events:
            scene.scheduler.after(event.at, partial(self._people.do, event))
        scene.scheduler.after(SCHEDULE * scene.scheduler.chance.random(), self._tick)
        found = self._come_to_rest() or violations(scene, ends)
        phases = [f"{one.version or '-'} {one.phase}" for one in scene.deployments()]
        lines = len(scene.history.lines)
        facts = self._facts()
        found = found or self._further(ends)
        found = [*watched.violations, *found]
        return Outcome(
            plan=plan,
            violations=found,
            history=scene.history,
            calls=scene.gateway.number,
            seconds=scene.scheduler.seconds,
            phases=phases,
            met=len(scene.faults.met),
            lines=lines,
            facts=facts,
        )

    def _facts(self) -> Facts:
        """What is counted in weather, before the further release."""
        scene, facts = self._scene, Facts()
        if not scene.late:
            return facts
        world, ended = scene.world(), []
        for one in scene.deployments():
            execution = scene.workflows.executions.get(one.execution_arn)
            if execution and execution.run:
                ended.append(Ended(one, execution.run.transitions, scene.succeeded.get(one.deployment_id)))
                for written, said in sayings(world.deployments.timeline(one.deployment_id)):  # type: ignore[attr-defined]
                    arrived = scene.late.arrived(written if said is None else said)
                    facts.arriving += [arrived - written] if arrived > written else []
                    facts.saying += [] if said is None else [said - max(arrived, written)]
        judge_ends(facts, ended, scene.visitors.releases, self._people.turned_bad, self._people.rolled_back)
        facts.held = int(bool(world.locks.load(scene.key).held))
        facts.requests, facts.suffered = scene.late.requests.made, scene.late.requests.suffered
        return facts

    def _further(self, ends: Ends) -> list[str]:
        """One more release goes through, and after it nothing is left beyond retention."""
        scene = self._scene
        scene.metrics.few, scene.application.hooks = False, []
        scene.faults.end()
        scene.upload(replace(LAST, own_assets=bool(scene.late)))
        self._quiet = 0
        found = self._come_to_rest() or violations(scene, ends)
        last = [one for one in scene.deployments() if one.version == LAST.version]
        if not last or last[-1].phase is not Phase.SUCCEEDED:
            ended = f"{last[-1].phase}: {last[-1].reason}" if last else "never received"
            return [f"I1: a further release does not go through: {ended}", *found]
        return [*found, *retention(scene)]

    def _come_to_rest(self) -> list[str]:
        scheduler = self._scene.scheduler
        self._calm_from = max(self._calm_from, scheduler.seconds)
        scheduler.run(until=self._calm_from + PATIENCE)
        if self._quiet >= AFTER_ALL:
            return []
        running = ", ".join(one.name for one in self._scene.workflows.running)
        opened = [f"{one.deployment_id} {one.phase}" for one in self._scene.deployments() if not one.phase.is_terminal]
        return [f"I7: it does not come to rest in {PATIENCE / 3600:.0f} h: {running or 'no execution'}; {opened}"]

    def _tick(self) -> None:
        """The schedule: invoke the reconciler, and see whether all is at rest."""
        scene = self._scene
        scene.scheduler.after(SCHEDULE, self._tick)
        now = scene.scheduler.seconds
        calm = now > self._calm_from
        ended = calm and scene.is_quiet and all(one.phase.is_terminal and one.is_told for one in scene.deployments())
        settled = ended and (not scene.unknown_uploads or now > self._calm_from + LOST_AFTER)
        self._quiet = self._quiet + 1 if settled else 0
        if self._quiet >= AFTER_ALL:
            scene.scheduler.stop()
            return
        if now > self._calm_from + CALM:
            self._people.resume()
        scene.reconcile()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage collector, which costs a third of a run and finds little."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
