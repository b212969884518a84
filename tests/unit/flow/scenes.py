"""Where the tests of the flow begin: an application in its environment, and deployments in any phase of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from controller.domain.deployment import (
    Bake,
    Counts,
    Deployment,
    Left,
    Pending,
    Revision,
    Step,
    Trip,
    TripSource,
    Unsent,
    Upload,
)
from controller.domain.environment import Environment
from controller.domain.lock import Lock, Place, ask, order_of
from controller.domain.phases import UNTOUCHED, Phase
from controller.errors import (
    AwsError,
    TransientError,
)
from controller.flow.guard import guard
from controller.flow.judge import judge
from controller.flow.pausing.pause import pause
from controller.flow.record_restore_point import record_restore_point
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import RollbackClosed, close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.unstage import not_unstaged
from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.bake import Judged
from controller.flow.shared.closure import close
from controller.flow.shift import shift
from controller.flow.stage import stage
from controller.flow.test import test_staged as run_tests
from controller.ports.world import World
from tests.builders import a_bundle
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld

ALARM = "errors"
KEY = "smartpack/prod"
STABLE = {"api": Revision("6"), "site": Revision("aa")}
CANARY = {"api": Revision("7"), "site": Revision("bb")}
STEPS = (Step(10, 60), Step(100, 300))
JUDGE = {"evaluate_every": "20s", "period": "5s", "minimum_requests": 20}
UNSHIFTED = UNTOUCHED | {Phase.STAGING, Phase.REJECTED, Phase.SUPERSEDED}
"""The phases of a deployment in which no shift ever began."""
CHECKS = ('{"component":"api","path":"/health"}', '{"component":"site","path":"/"}')


def an_environment(**changes: Any) -> Environment:  # noqa: ANN401 - any field
    """SmartPack's environment, with an alarm and a canary of 10 % for a minute."""
    written = {
        "application": "smartpack",
        "environment": "prod",
        "components": {
            "api": {"kind": "function", "function_name": "f", "url": "https://api.example"},
            "site": {"kind": "site", "bucket": "bucket", "routing_function": "r", "url": "https://site.example"},
        },
        "deployment_preference": {"type": "Canary10Percent1Minute", "alarms": [ALARM]},
        "judge": JUDGE,
    }
    return Environment.model_validate({**written, **changes})


def a_world(**changes: Any) -> FakeWorld:  # noqa: ANN401 - any field of the environment
    """A world in which the environment's components are on their stable revisions, and its alarm is quiet."""
    world = FakeWorld()
    world.environments.known[KEY] = an_environment(**changes)
    world.alarms.known[ALARM] = "OK"
    for name, stable in STABLE.items():
        world.components.known[name] = FakeComponent(stable.id, next=CANARY[name].id)
    return world


def a_deployment(world: FakeWorld, phase: Phase, name: str = "d2", **fields: Any) -> Deployment:  # noqa: ANN401
    """A deployment in this phase, as the ledger has it then; one on its way holds the lock, and its execution runs."""
    upload = Upload("bucket", f"incoming/{KEY}/{name}.zip", "v1", 10, START)
    deployment = Deployment(name, "smartpack", "prod", phase, upload, f"arn:{name}", START, START)
    deployment = replace(deployment, version="2.0.0", digest="dd", components=("api", "site"), checks=CHECKS)
    if phase not in UNTOUCHED:
        deployment = replace(deployment, restore_point=STABLE, staged=CANARY, steps=STEPS, previous="d1")
    if phase not in UNSHIFTED:
        deployment = replace(deployment, reached=max(10, fields.get("weight", 0)))
    world.deployments.known[name] = replace(deployment, **fields)
    if not phase.is_terminal:
        world.workflows.running.add(f"arn:{name}")
    return world.deployments.known[name]


def on_its_way(world: FakeWorld, phase: Phase, name: str = "d2", **fields: Any) -> Deployment:  # noqa: ANN401
    """A deployment that holds the lock."""
    lock = Lock(KEY, holder=name, token=4, live="d1", newest=order_of(START, "2.0.0"))
    world.locks.known[KEY] = lock
    a_deployment(world, Phase.SUCCEEDED, "d1", version="1.0.0", unsent={})
    return a_deployment(world, phase, name, fencing_token=4, **fields)


def waiting(world: FakeWorld, name: str = "d3", **fields: Any) -> Deployment:  # noqa: ANN401 - any field
    """A deployment that waits behind the holder."""
    deployment = a_deployment(world, Phase.QUEUED, name, queue_tokens=(f"queue:{name}",), version="3.0.0", **fields)
    lock = world.locks.load(KEY)
    world.locks.known[KEY] = ask(lock, Place(name, order_of(START, "3.0.0"))).lock
    return deployment


def owing(*phases: Phase) -> dict[str, Unsent]:
    """Unsent notifications of these ends, from the first to the last."""
    return {f"{number}": Unsent(phase, "", "") for number, phase in enumerate(phases)}


def tripped(source: str = "alarm") -> Trip:
    """A trip."""
    return Trip(START, cast("Any", source), "It broke.")


def at_weight(world: FakeWorld, weight: int) -> None:
    """All components' traffic at this weight."""
    for name, component in world.components.known.items():
        component.live = CANARY[name].id if weight == 100 else STABLE[name].id
        component.canary, component.weight = (CANARY[name].id, weight) if 0 < weight < 100 else ("", 0)


def live(world: FakeWorld) -> dict[str, tuple[str, int]]:
    """Where visitors are sent: revision and the canary's weight, by component."""
    return {name: (one.live, one.weight) for name, one in world.components.known.items()}


RESTORED = {"api": ("6", 0), "site": ("aa", 0)}


def once(act: Callable[[], object]) -> Callable[..., None]:
    """Something that happens at the first opportunity, and not again."""
    todo = [act]

    def run(*_: object) -> None:
        if todo:
            todo.pop()()

    return run


class Faulty:
    """A world in which the call number `fatal` of any port fails, before (or after) it did its work."""

    def __init__(self, world: FakeWorld, fatal: int, *, after: bool) -> None:
        self.calls: list[str] = []
        self._world, self._fatal, self._after = world, fatal, after

    def __getattr__(self, port: str) -> Any:  # noqa: ANN401 - any port
        return _FaultyPort(self, port, getattr(self._world, port))

    def call(self, name: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:  # noqa: ANN401
        """Make the call, or fail."""
        self.calls.append(name)
        result = None if self._is_now() and not self._after else method(*args, **named)
        if self._is_now():
            raise TransientError(f"{name} failed")
        return result

    def _is_now(self) -> bool:
        return len(self.calls) == self._fatal


class _FaultyPort:
    def __init__(self, faulty: Faulty, name: str, port: object) -> None:
        self._faulty, self._name, self._port = faulty, name, port

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._port, method)
        return lambda *args, **named: self._faulty.call(f"{self._name}.{method}", real, *args, **named)


def dying_everywhere(make: Callable[[], FakeWorld], act: Callable[[World], object]) -> Iterator[tuple[str, FakeWorld]]:
    """Fresh worlds in which `act` died at its first call, after its first call, at its second, and so on."""
    fatal = 1
    while True:
        for after in (False, True):
            world = make()
            faulty = Faulty(world, fatal, after=after)
            with suppress(TransientError):
                act(cast("World", faulty))
            if len(faulty.calls) < fatal:
                return
            yield f"{'after' if after else 'at'} {faulty.calls[fatal - 1]}", world
        fatal += 1


def granted(**fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that has just been granted the lock."""
    world = a_world()
    deployment = on_its_way(world, Phase.QUEUED, restore_point=None, staged={}, steps=(), **fields)
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    return world


def recorded() -> FakeWorld:
    """A deployment whose restore point is recorded."""
    world = granted()
    record_restore_point(world, "d2")
    return world


def staged(**fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that is staged and not tested yet."""
    world = a_world()
    on_its_way(world, Phase.STAGING, steps=(), **fields)
    return world


PLACED = (
    '{"component":"api","path":"/staged","only":"staged"}',
    '{"component":"api","path":"/both"}',
    '{"component":"api","path":"/outside","only":"outside"}',
    '{"component":"site","kind":"site"}',
    '{"component":"api","kind":"load","path":"/load","p95_ms":100}',
)


GOOD = {"7": Counts(100, 0), "6": Counts(900, 0)}


BAD = {"7": Counts(100, 50), "6": Counts(900, 0)}


FEW = {"7": Counts(0, 0), "6": Counts(900, 0)}


def baking(counts: dict[str, Counts] | None = None, weight: int = 10, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that has just been shifted, with these measurements of its revisions."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=weight, **fields)
    world.guards.open("d2", [ALARM])
    world.metrics.known = GOOD if counts is None else counts
    at_weight(world, weight)
    return world


def evaluate(world: FakeWorld, step: int = 0) -> Judged:
    """One evaluation of this step."""
    return judge(world, "d2", step)


def paused() -> FakeWorld:
    """A bake that is paused for a person, with its guard open."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "when_inconclusive": "pause"})
    guard(world, "d2", 0, "guard")
    evaluate(world)
    for _ in range(2):
        world.clock.forward(65)
        card = evaluate(world)
    assert card.verdict == "pause"
    pause(world, "d2", "paused")
    return world


def guarded(phase: Phase = Phase.STAGING, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that is guarded, with its traffic where its weight says."""
    world = a_world()
    deployment = on_its_way(world, phase, **fields)
    world.guards.open("d2", [ALARM])
    at_weight(world, deployment.weight)
    return world


def moving(phase: Phase = Phase.BAKING, weight: int = 10, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, with its traffic at this weight, and a stable release with checks."""
    world = a_world()
    on_its_way(world, phase, weight=weight, **fields)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=CHECKS)
    at_weight(world, weight)
    return world


def succeeded() -> FakeWorld:
    """A deployment that has succeeded; the environment is free."""
    world = moving(Phase.BAKING, weight=100)
    close(world, "d2", Phase.SUCCEEDED, "")
    world.workflows.running.clear()
    world.notifications.sent.clear()
    return world


def roll_back(world: World, by: TripSource = "person", arn: str = "arn:back") -> str:
    """Run the whole rollback machine in the order of its definition; returns the outcome of its last state."""
    begun = begin_rollback(world, "d2", arn, by, "It broke.")
    if begun.outcome != "begun":
        return str(begun.outcome)
    names = begun.components or []
    while True:
        for name in names:
            restore_component(world, "d2", name)
        verified = verify_restoration(world, "d2")
        if verified.outcome != "pending":
            break
        world.clock.forward(verified.wait_seconds)  # type: ignore[attr-defined]
        names = verified.components or []
    if verified.outcome == "over":
        return "over"
    return str(unstaged_and_closed(world, arn=arn, trouble=verified.reason or "").outcome)


def unstaged_and_closed(world: World, name: str = "d2", arn: str = "arn:back", trouble: str = "") -> RollbackClosed:
    """The end of the rollback machine: nothing of the release is in the functions themselves any more."""
    deployment, now = world.deployments.get(name), world.clock.now()
    if deployment.phase is Phase.ROLLING_BACK and (left := not_unstaged(world, deployment)):
        world.deployments.update(name, {"unstaged_now": dict.fromkeys(left, now)}, phases={Phase.ROLLING_BACK})
    return close_rollback(world, name, trouble, arn)


def rolling_back(world: FakeWorld, arn: str = "arn:back") -> FakeWorld:
    """The same world, in which the rollback of its deployment has begun."""
    assert begin_rollback(world, "d2", arn, "fault", "It broke.").outcome == "begun"
    return world


def failed_rollback() -> FakeWorld:
    """A rollback that could not restore the API: the environment is held."""
    world = moving()
    world.components.known["api"].broken = AwsError("denied")
    assert roll_back(world, "fault") == "ROLLBACK_FAILED"
    return world


HOOKS = {"type": "AllAtOnce", "alarms": [], "hooks": {"pre_traffic": "before", "post_traffic": "after"}}


def a_hooked_world(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, into an environment with both hooks."""
    world = a_world(deployment_preference=HOOKS)
    on_its_way(world, phase, **fields)
    return world


SLOW = Pending("UPDATE_IN_PROGRESS", patience=3600)


def slow(*answers: Pending) -> FakeWorld:
    """A release whose site gives these answers while it is staged; the API is staged at once."""
    world = a_world()
    deployment = on_its_way(world, Phase.STAGING, staged={}, steps=())
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    world.components.known["site"].pending = list(answers)
    stage(world, "d2", "api")
    return world


def with_a_stack(phase: Phase, *answers: Pending, left: Left | None = None, **fields: Any) -> FakeWorld:  # noqa: ANN401
    """A release of the API and a stack, which gives these answers when it is restored."""
    stack = {"kind": "stack", "stack_name": "infra", "role_arn": "arn:aws:iam::123456789012:role/changes"}
    api = {"kind": "function", "function_name": "f"}
    world = a_world(components={"api": api, "infra": stack})
    restore_point, staged = (
        {"api": Revision("6"), "infra": Revision("a")},
        {"api": Revision("7"), "infra": Revision("b")},
    )
    on_its_way(
        world, phase, components=("api", "infra"), checks=(), restore_point=restore_point, staged=staged, **fields
    )
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=())
    world.components.known = {
        "api": FakeComponent("7", next="7"),
        "infra": FakeComponent("b", next="b", pending=list(answers), left=left),
    }
    return world


API_ONLY, SITE_ONLY = {"api": STABLE["api"]}, {"site": STABLE["site"]}


def released(world: FakeWorld, staged: Mapping[str, Revision], **fields: Any) -> None:  # noqa: ANN401 - any field
    """Let the live release have brought these components, with no release before it."""
    before = {"staged": dict(staged), "previous": "", "checks": (), **fields}
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), **before)


def staged_beside(live_release: Mapping[str, Revision], **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A staged release of both components, of which the live release has brought these."""
    world = a_world()
    on_its_way(world, Phase.STAGING, **{"steps": (), **fields})
    released(world, live_release)
    world.guards.open("d2", [ALARM])
    return world


def planned(world: FakeWorld) -> Deployment:
    """The deployment when its steps are planned."""
    assert run_tests(world, "d2").outcome == "healthy"
    return world.deployments.get("d2")


def at_the_first_step(live_release: Mapping[str, Revision] = API_ONLY) -> FakeWorld:
    """The first step: what was live before has its canary at 10 %, what is new has all visitors."""
    world = staged_beside(live_release)
    planned(world)
    shift(world, "d2", 0)
    return world


def messages(world: FakeWorld, kind: str) -> list[str]:
    """The messages of this kind in the timeline."""
    return [event.message for event in world.deployments.events["d2"] if event.kind == kind]


def baking_beside(live_release: Mapping[str, Revision], counts: Mapping[str, Counts], **judge: Any) -> FakeWorld:  # noqa: ANN401
    """The bake of the first step, with these requests by version of the API."""
    world = at_the_first_step(live_release)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, **judge})
    bake = Bake(0, START, world.deployments.get("d2").updated_at)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), bake=bake)
    world.metrics.known = dict(counts)
    world.clock.forward(30)
    return world


def a_silent_deployment() -> FakeWorld:
    """A deployment in its bake, whose execution runs and whose last step forward is just now."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    judge(world, "d2", 0)
    return world
