"""One application with its own ledger, machines, alarms and switches: releases are uploaded, and anything may go wrong.

A test says what happens *at* which moment (`scene.at`), lets it happen, and asks whether all is well (`scene.check`).
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import count, pairwise
from threading import Lock, local
from typing import Any, Literal
from uuid import uuid4

from controller.aws.bundles import S3Bundles
from controller.aws.calls import client
from controller.aws.deployments import DynamoDeployments
from controller.aws.environments import SsmEnvironments
from controller.aws.guards import DynamoGuards
from controller.aws.notices import SnsNotices
from controller.aws.turns import DynamoTurns, DynamoVersions
from controller.aws.workflows import StepFunctionsWorkflows
from controller.domain.deployment import Counts, Deployment, Revision
from controller.domain.phases import Phase
from controller.flow.receiving import receive
from controller.handlers import entry
from moto.sns.models import sns_backends

from tests.builders import a_bundle
from tests.fakes import FakeHooks, FakeRehearsals
from tests.state_machine import moto_engine
from tests.state_machine.failures import Failure, TimedOut
from tests.state_machine.fakes import FakeAlarms, FakeComponent, FakeComponents, FakeMetrics, FakeProbe, ManualClock
from tests.state_machine.machines import DEPLOY, ROLLBACK, definition

BUCKET = "artifacts"
DEADLINE_SECONDS = 20
LOOK_SECONDS = 0.002
QUIET_SECONDS = 0.2
ROUNDS = 12
EVENT_TRIES = 3
EVENT_SECONDS, SCHEDULE_SECONDS = 1, 300
ROLE = "arn:aws:iam::123456789012:role/any"
NO_EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:none:none"
CHECKS = ({"component": "api", "path": "/health"}, {"component": "site", "path": "/"})
_NUMBERS = count(1)

When = Literal["before", "after", "instead"]
Action = Callable[[], None]


class World:
    """Implements `flow.world.World`: the real adapters on moto, and fakes where there is no AWS in process."""

    def __init__(self, table: str, topic: str, rollback_machine: str, touch: Callable[[str, str], None]) -> None:
        self.clock = ManualClock()
        self.environments = SsmEnvironments()
        self.bundles = S3Bundles()
        self.deployments = self.open_deployments = DynamoDeployments(table)
        self.turns = DynamoTurns(table)
        self.versions = DynamoVersions(table)
        self.guards = DynamoGuards(table)
        self.components = FakeComponents({name: FakeComponent(name, touch) for name in ("api", "site")})
        self.probe = FakeProbe()
        self.hooks = FakeHooks()
        self.rehearsals = FakeRehearsals()
        self.metrics = FakeMetrics()
        self.alarms = FakeAlarms()
        self.workflows = StepFunctionsWorkflows(rollback_machine)
        self.notices = SnsNotices(topic)


class Tapped:
    """A port whose every call is announced, before and after it."""

    def __init__(self, port: object, name: str, tap: Callable[[str, When], None]) -> None:
        self._port, self._name, self._tap = port, name, tap

    def __getattr__(self, method: str) -> Any:
        called = getattr(self._port, method)

        def call(*arguments: Any, **named: Any) -> Any:
            self._tap(f"{self._name}.{method}", "before")
            answer = called(*arguments, **named)
            self._tap(f"{self._name}.{method}", "after")
            return answer

        return call


@dataclass
class Moment:
    """Something that a test lets happen the `nth` time that a task's state comes to this moment; 0: every time."""

    state: str
    when: When
    action: Action
    nth: int = 1
    seen: int = 0


@dataclass
class Scene:
    """An application `name` in the environment `prod`.

    `repeat`: how often each function runs for one invocation, one after the other or `together`.
    """

    name: str = field(default_factory=lambda: f"app{next(_NUMBERS)}")
    repeat: int = 1
    together: bool = False
    checked: int = 0
    reconciled: int = 0
    late: list[Action] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        moto_engine.INVOKERS[self.name] = self
        self._moments: list[Moment] = []
        self._touches: dict[tuple[str, str], list[Action]] = {}
        self._taps: Callable[[str, str, When], None] | None = None
        self._lock = Lock()
        self._busy, self._worked_at = 0, time.monotonic()
        self._here = local()
        self.alarm_name = f"{self.name}-errors"
        self.table = make_table(self.name)
        self.topic = client("sns").create_topic(Name=self.name)["TopicArn"]
        self.rollback_machine, self.deploy_machine = self._machine(ROLLBACK), self._machine(DEPLOY)
        self.world = World(self.table, self.topic, self.rollback_machine, self._touched)
        self.tapped = World(self.table, self.topic, self.rollback_machine, self._touched)
        self._share_fakes()
        self.world.alarms.values[self.alarm_name] = "OK"
        self.configure()

    def _share_fakes(self) -> None:
        for name, port in vars(self.world).items():
            setattr(self.tapped, name, Tapped(port, name, self._tap))
        self.tapped.clock, self.tapped.components = self.world.clock, self.world.components

    def _machine(self, machine: str) -> str:
        name = f"{self.name}-{machine}"
        made = client("stepfunctions").create_state_machine(name=name, definition=definition(machine), roleArn=ROLE)
        return made["stateMachineArn"]

    # What the environment is like

    def configure(self, **more: Any) -> None:
        """Register the environment; `more` replaces its keys."""
        api = {"kind": "function", "function_name": f"{self.name}-api", "url": "https://api.example.com"}
        site = {"kind": "site", "bucket": f"{self.name}-site", "routing_function": "r", "url": "https://example.com"}
        preference = {"type": [{"weight": 10, "bake": 60}], "alarms": [self.alarm_name]}
        document = {
            "application": self.name,
            "environment": "prod",
            "components": {"api": api, "site": site},
            "deployment_preference": preference,
            "watch_seconds": 60,
            "judge": {"look_seconds": 60, "minimum_requests": 20},
            **more,
        }
        name = f"/selfright/{self.name}/prod"
        client("ssm").put_parameter(Name=name, Value=json.dumps(document), Type="String", Overwrite=True)

    def all_is_well(self) -> None:
        """The environment, the visitors and the checks as they were at first."""
        self.configure()
        self.world.probe.failing = lambda: False
        self.world.metrics.canary = Counts(100, 0)

    @property
    def key(self) -> str:
        """The environment's key."""
        return f"{self.name}/prod"

    def is_live(self, version: str) -> Deployment:
        """Let this version be live already, as the ledger would have it, without having run its deployment."""
        world = self.world
        detail = self.upload(version)
        deployment_id = receive(world, BUCKET, detail["object"]["key"], None, NO_EXECUTION)["deployment_id"]
        revisions = {name: Revision(f"{name}-0") for name in world.components}
        changes = {
            "phase": Phase.SUCCEEDED,
            "version": version,
            "components": tuple(revisions),
            "checks": tuple(json.dumps(check) for check in CHECKS),
            "restore_point": {name: Revision("before") for name in revisions},
            "staged": revisions,
        }
        world.deployments.update(deployment_id, changes, phases={Phase.RECEIVED})
        live = world.deployments.update(deployment_id, {"notice": "sent"}, phases={Phase.SUCCEEDED})
        turn = world.turns.load(self.key)
        world.turns.save(replace(turn, live=deployment_id))
        return live

    # What happens

    def upload(self, version: str, bundle: bytes | None = None, key: str = "") -> dict[str, Any]:
        """Upload a bundle; returns the detail of S3's event."""
        key = key or f"incoming/{self.name}/prod/{version}.zip"
        body = bundle_of(self.name, version) if bundle is None else bundle
        version_id = client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"]
        return {"bucket": {"name": BUCKET}, "object": {"key": key, "size": len(body), "version-id": version_id}}

    def start(self, detail: dict[str, Any]) -> str:
        """Start the deploy machine, as the event rule does; returns the execution's ARN."""
        return str(self._start(self.deploy_machine, detail))

    def roll_back(self, deployment_id: str, by: str = "person") -> str:
        """Start the rollback machine, as `selfright rollback` does."""
        return str(self._start(self.rollback_machine, {"deployment_id": deployment_id, "by": by, "reason": "Told to."}))

    def _start(self, machine: str, document: dict[str, Any]) -> str:
        answer = client("stepfunctions").start_execution(
            stateMachineArn=machine,
            name=str(uuid4()),  # AWS makes one up, moto does not
            input=json.dumps(document),
        )
        return answer["executionArn"]

    def release(self, version: str, bundle: bytes | None = None) -> Deployment:
        """Upload, deploy, and let everything come to its end; returns the deployment."""
        arn = self.start(self.upload(version, bundle))
        self.settle()
        return self.deployment(arn)

    def alarm(self, *, stays: bool = True) -> None:
        """The alarm fires, and EventBridge tells `on_alarm`; unless it `stays`, it is OK again by then."""
        self.world.alarms.values[self.alarm_name] = "ALARM" if stays else "OK"
        event = {"detail": {"alarmName": self.alarm_name, "state": {"value": "ALARM", "reason": "5 > 1"}}}
        self._told("on_alarm", event)

    def alarm_flickers(self) -> None:
        """The alarm fires, and is OK again before anybody looks."""
        self.alarm(stays=False)

    def stop(self) -> None:
        """Press *Stop* in the console on whatever runs here."""
        for execution in self.running():
            client("stepfunctions").stop_execution(executionArn=execution.exec_arn)

    def reconcile(self, after: float = SCHEDULE_SECONDS) -> dict[str, str]:
        """The reconciler comes round: by its schedule, or as soon as an execution ended badly."""
        self.reconciled += 1
        self.world.clock.advance(after)
        return dict(self._told("reconcile", {})["done"])

    def _told(self, task: str, event: dict[str, Any]) -> dict[str, Any]:
        """Run a function by an event: when it fails, Lambda runs it again."""
        for _ in range(EVENT_TRIES - 1):
            try:
                return self._run_as(task, task, event)
            except (Exception, Failure):  # noqa: BLE001, S112 - Lambda tries again whatever it was
                continue
        return self._run_as(task, task, event)

    def _run_as(self, state: str, task: str, event: dict[str, Any]) -> dict[str, Any]:
        outer, self._here.state = getattr(self._here, "state", ""), state
        try:
            return entry.run(self.tapped, task, event, sleep=_no_sleep)
        finally:
            self._here.state = outer

    def settle(self) -> None:
        """Wait until no execution runs; as long as a deployment is open then, the reconciler comes round.

        When an execution ended badly it comes at once, while the function that was running then may still be at work.
        """
        self.wait_until(lambda: not self.running())
        if list(self.world.deployments.open()):
            self.reconcile(EVENT_SECONDS)
        for _ in range(ROUNDS):
            self.wait_until(lambda: not self.running() and not self._busy)
            if not list(self.world.deployments.open()):
                return
            self.reconcile()
        assert not list(self.world.deployments.open()), f"still open after {ROUNDS} rounds of the reconciler"

    def come_to_rest(self) -> None:
        """As `settle`, where executions may wait for somebody who died: the schedule comes round when nothing happens."""
        for _ in range(ROUNDS):
            self.wait_until(lambda: not self._busy and (not self.running() or self._is_quiet()))
            if not self.running() and not list(self.world.deployments.open()):
                return
            self.reconcile()
        self.settle()

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._worked_at > QUIET_SECONDS

    def run_late(self) -> None:
        """Let the functions that were thought dead do their work after all; what they raise, nobody hears."""
        for action in self.late:
            try:
                action()
            except (Exception, Failure):  # noqa: BLE001, S112 - nobody waits for them any more
                continue
        self.late.clear()

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Look again and again until the condition holds; fails at the deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"did not happen in {DEADLINE_SECONDS} s; states: {self.states[-8:]}"
            time.sleep(LOOK_SECONDS)

    # What is seen

    def running(self) -> list[Any]:
        """The executions that are running."""
        return [one for one in moto_engine.executions(f"{self.name}-") if moto_engine.is_running(one)]

    def deployment(self, execution_arn: str) -> Deployment:
        """The deployment of an execution of the deploy machine."""
        (found,) = [one for one in self.history() if one.execution_arn == execution_arn]
        return found

    def outcome(self, execution_arn: str) -> tuple[str, str]:
        """How an execution ended: its status, and the outcome in its output."""
        ended = client("stepfunctions").describe_execution(executionArn=execution_arn)
        return ended["status"], json.loads(ended.get("output", "{}")).get("outcome", "")

    def is_queued(self, execution_arn: str) -> bool:
        """Whether its deployment waits, or need not wait any more."""
        found = [one.phase for one in self.history() if one.execution_arn == execution_arn]
        turn = self.world.turns.load(self.key)
        ids = {one.deployment_id for one in self.history() if one.execution_arn == execution_arn}
        return bool(found) and (found[0].is_terminal or bool(turn.waiting and turn.waiting.deployment_id in ids))

    def is_held(self, execution_arn: str) -> bool:
        """Whether a person must decide about its deployment."""
        return any(one.hold_token for one in self.history() if one.execution_arn == execution_arn)

    def serves_canary(self) -> bool:
        """Whether any visitor gets anything but what was live at first."""
        return any(part.serving != {f"{name}-0"} for name, part in self.world.components.items())

    def history(self) -> list[Deployment]:
        """All deployments, oldest first."""
        return self.world.deployments.history(self.key, 100)[::-1]

    def kinds(self, deployment: Deployment) -> list[str]:
        """What happened to a deployment, by kind, in order."""
        return [event.kind for event in self.world.deployments.timeline(deployment.deployment_id)]

    def notices(self, deployment: Deployment) -> int:
        """How many notices people got of it."""
        sent = sns_backends[moto_engine.ACCOUNT][moto_engine.REGION].topics[self.topic].sent_notifications
        return sum(json.loads(message[1])["deployment_id"] == deployment.deployment_id for message in sent)

    # When what happens

    def at(self, state: str, when: When, action: Action, nth: int = 1) -> None:
        """Let `action` happen at a moment of a Task: before its function runs, after it, or instead of it.

        What the action raises is what the Task gets. Instead: the function runs at `run_late`, if at all.
        """
        self._moments.append(Moment(state, when, action, nth))

    def forget(self) -> None:
        """Nothing that was planned happens any more."""
        self._moments.clear()

    def at_switch(self, component: str, what: str, action: Action) -> None:
        """Let `action` happen once when a component's switch was read, is about to be written, or was written."""
        self._touches.setdefault((component, what), []).append(action)

    def tap(self, listener: Callable[[str, str, When], None]) -> None:
        """Tell `listener` every call of a port within a Task: the state, the call, before or after."""
        self._taps = listener

    def _touched(self, component: str, what: str) -> None:
        waiting = self._touches.get((component, what))
        if waiting and getattr(self._here, "state", "") == "Shift traffic":
            waiting.pop(0)()

    def _tap(self, call: str, when: When) -> None:
        state = getattr(self._here, "state", "")
        if self._taps and state:
            self._taps(state, call, when)

    # What stands behind the functions

    def invoke(self, group: str, event: dict[str, Any], place: moto_engine.Place) -> dict[str, Any]:
        """Run a Task's function."""
        task = entry.task_of(group, event)
        self.states.append(place.state)

        def work() -> dict[str, Any]:
            runs = [partial(self._run_as, place.state, task, event)] * self.repeat
            self.cards[place.state] = at_once(*runs) if self.together else [run() for run in runs][-1]
            return self.cards[place.state]

        with self._at_work():
            return self._around(place.state, work)

    def start_child(self, start: Callable[[str], None], place: moto_engine.Place) -> None:
        """Start the rollback as a child execution."""
        self.states.append(place.state)
        with self._at_work():
            self._around(place.state, lambda: start(self.rollback_machine))

    def wait(self, seconds: float) -> None:
        """A Wait state: the clock moves, nobody waits."""
        self.world.clock.advance(seconds)

    def _around(self, state: str, work: Callable[[], Any]) -> Any:
        instead = self._due(state, "instead")
        if instead:
            self.late.append(work)
            for action in instead:
                action()
            raise TimedOut
        for action in self._due(state, "before"):
            action()
        answer = work()
        for action in self._due(state, "after"):
            action()
        return answer

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._worked_at = time.monotonic()

    def _due(self, state: str, when: When) -> list[Action]:
        with self._lock:
            mine = [moment for moment in self._moments if (moment.state, moment.when) == (state, when)]
            for moment in mine:
                moment.seen += 1
            return [moment.action for moment in mine if moment.nth in {0, moment.seen}]

    # Whether all is well

    def check(self, *, held: bool = False, extra_notices: bool = False) -> None:
        """The invariants, after everything has ended.

        `held`: a rollback failed, so the environment is held and not all is restored. `extra_notices`: whoever sent one
        died before noting that, or two sent it at the same moment, so people may have been told twice.
        """
        self.settle()
        self.checked += 1
        turn = self.world.turns.load(self.key)
        assert (turn.holder, turn.waiting) == ("", None), "the turn is not free"
        assert bool(turn.held) == held, f"held: {turn.held!r}"
        for deployment in self.history():
            self._check_ended(deployment, extra_notices=extra_notices)
        assert not guards(self.table), "a guard is still open"
        if not held:
            self._check_live(turn.live)

    def _check_ended(self, deployment: Deployment, *, extra_notices: bool) -> None:
        assert deployment.phase.is_terminal, f"{deployment.deployment_id} is still {deployment.phase}"
        assert deployment.notice == "sent"
        notices, ends = self.notices(deployment), self._ends(deployment)
        assert notices == ends or (extra_notices and notices == ends + 1), f"{notices} notices of {ends} ends"

    def _ends(self, deployment: Deployment) -> int:
        """How often it ended: once, and once more for each rollback by a person after that."""
        kinds = self.kinds(deployment)
        ended = [kind for kind in kinds if kind in {"closed", "rolling_back"}]
        again = sum(pair == ("closed", "rolling_back") for pair in pairwise(ended))
        return again + (deployment.execution_arn != NO_EXECUTION)

    def _check_live(self, live: str) -> None:
        """Every component serves one revision: the live release's."""
        staged = self.world.deployments.get(live).staged if live else {}
        for name, component in self.world.components.items():
            expected = staged[name].id if name in staged else f"{name}-0"
            assert component.serving == {expected}, f"{name}: {component.switch.position}, expected {expected}"

    def close(self) -> None:
        """Leave nothing running."""
        self.stop()
        moto_engine.release_threads(f"{self.name}-")
        moto_engine.INVOKERS.pop(self.name, None)


def _no_sleep(_seconds: float) -> None:
    """A passing failure has passed."""


@cache
def bundle_of(application: str, version: str) -> bytes:
    """A bundle whose contents are different for each version."""
    site = {"index.html": f"<title>{version}</title>".encode()}
    return a_bundle(version, f"VERSION = {version!r}".encode(), site, application=application, checks=CHECKS)


def make_table(name: str) -> str:
    """A ledger, as the CDK app makes it."""
    names = ("pk", "sk", "environment_key", "sort_key", "open")
    client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": _keys(key, "sort_key"), "Projection": {"ProjectionType": "ALL"}}
            for index, key in (("by_environment", "environment_key"), ("open", "open"))
        ],
    )
    return name


def _keys(partition: str, sort: str) -> Any:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def guards(table: str) -> list[str]:
    """The open guards of a ledger."""
    items = client("dynamodb").scan(TableName=table)["Items"]
    return [item["pk"]["S"] for item in items if item["pk"]["S"].startswith("ALARM#")]


def at_once(*actions: Callable[[], Any]) -> Any:
    """Run the actions at the same time and wait for all; returns what one of them returned, raises if none did."""
    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        ended = [pool.submit(action) for action in actions]
    good = [one for one in ended if one.exception() is None]
    return (good or ended)[0].result()
