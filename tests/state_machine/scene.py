"""One application with its own ledger, machines, alarms and switches: releases are uploaded, and anything may go wrong.

A test says what happens *at* which moment (`scene.at`), lets it happen, and asks whether all is well (`scene.check`).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

from controller.aws.client.clients import client
from controller.domain.deployment import Counts, Deployment, Revision
from controller.domain.phases import Phase
from controller.flow.receive import receive
from tests.builders import bundle_parts
from tests.registering import register
from tests.state_machine import invariants, moto_engine
from tests.state_machine.functions import Functions
from tests.state_machine.invariants import NO_EXECUTION
from tests.state_machine.machines import DEPLOY, ROLLBACK, definition
from tests.state_machine.world import MotoWorld, make_table

BUCKET = "artifacts"
DEADLINE_SECONDS = 200
POLL_SECONDS = 0.002
QUIET_POLLS = 100
"""So many polls in a row without any work mean quiet. Not a time: on a busy machine, everything is late."""
ROUNDS = 12
EVENT_SECONDS, SCHEDULE_SECONDS, GRACE_SECONDS = 1, 300, 3700
ROLE = "arn:aws:iam::123456789012:role/any"
CHECKS = ({"component": "api", "path": "/health"}, {"component": "site", "path": "/"})
_NUMBERS = count(1)


class Scene(Functions):
    """An application `name` in the environment `prod`. `checked` and `reconciled` count.

    `tasks`: the components for which its releases have a task.
    """

    def __init__(self, *, repeat: int = 1, together: bool = False) -> None:
        self.name = f"app{next(_NUMBERS)}"
        self.alarm_name = f"{self.name}-errors"
        self.checked = self.reconciled = 0
        self.tasks: tuple[str, ...] = ()
        self._seen, self._polls = 0, 0
        self.table = make_table(self.name)
        self.topic = client("sns").create_topic(Name=self.name)["TopicArn"]
        self.deploy_machine, rollback_machine = self._machine(DEPLOY), self._machine(ROLLBACK)
        world = MotoWorld(self.table, self.topic, rollback_machine, self.touched)
        super().__init__(world, rollback_machine, repeat=repeat, together=together)
        moto_engine.INVOKERS[self.name] = self
        self.world.alarms.values[self.alarm_name] = "OK"
        self.configure()

    def _machine(self, machine: str) -> str:
        name = f"{self.name}-{machine}"
        made = client("stepfunctions").create_state_machine(name=name, definition=definition(machine), roleArn=ROLE)
        return made["stateMachineArn"]

    # What the environment is like

    def configure(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Register the environment; `more` replaces its keys."""
        api = {"kind": "function", "function_name": f"{self.name}-api", "url": "https://api.example.com"}
        site = {"kind": "site", "bucket": f"{self.name}-site", "routing_function": "r", "url": "https://example.com"}
        preference = {"type": [{"weight": 10, "bake": "1m"}], "alarms": [self.alarm_name]}
        document = {
            "application": self.name,
            "environment": "prod",
            "components": {"api": api, "site": site},
            "deployment_preference": preference,
            "final_bake": "1m",
            "judge": {"evaluate_every": "1m", "period": "20s", "settle": "0s", "minimum_requests": 20},
            **more,
        }
        register(client("ssm"), document)

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
        deployment_id = receive(world, BUCKET, detail["object"]["key"], None, NO_EXECUTION).deployment.deployment_id
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
        live = world.deployments.get(deployment_id)
        world.deployments.leave_open(deployment_id)
        lock = world.locks.load(self.key)
        world.locks.save(replace(lock, live=deployment_id))
        return live

    # What happens

    def upload(
        self, version: str, bundle: bytes | None = None, key: str = "", metadata: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Upload a bundle; returns the detail of S3's event."""
        key = key or f"incoming/{self.name}/prod/{version}.zip"
        body = bundle_of(self.name, version, self.tasks) if bundle is None else bundle
        version_id = client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=dict(metadata or {}))[
            "VersionId"
        ]
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
        """The alarm fires, and EventBridge invokes `on_alarm`; unless it `stays`, it is OK again by then."""
        self.world.alarms.values[self.alarm_name] = "ALARM" if stays else "OK"
        event = {"detail": {"alarmName": self.alarm_name, "state": {"value": "ALARM", "reason": "5 > 1"}}}
        self.told("on_alarm", event)

    def alarm_flickers(self) -> None:
        """The alarm fires, and is OK again before its state is read."""
        self.alarm(stays=False)

    def stop(self) -> None:
        """Press *Stop* in the console on whatever runs here."""
        for execution in self.running():
            client("stepfunctions").stop_execution(executionArn=execution.exec_arn)

    def reconcile(self, after: float = SCHEDULE_SECONDS) -> dict[str, str]:
        """The reconciler runs: by its schedule, or as soon as an execution ended with an error."""
        self.reconciled += 1
        self.world.clock.advance(after)
        return dict(self.told("reconcile", {})["done"])

    def settle(self) -> None:
        """Wait until no execution runs; as long as a deployment is open then, the reconciler runs.

        When an execution ended with an error it runs at once, while the function of then may still be running.
        """
        self.wait_until(lambda: not self.running())
        if self._unfinished():
            self.reconcile(EVENT_SECONDS)
        for _ in range(ROUNDS):
            self.wait_until(lambda: not self.running() and not self.busy)
            if not self._unfinished():
                self._let_the_grace_pass()
                return
            self.reconcile()
        assert not self._unfinished(), f"still open after {ROUNDS} rounds of the reconciler"

    def come_to_rest(self) -> None:
        """As `settle`, where a deployment may wait for a dead one: the schedule runs when nothing happens."""
        for _ in range(ROUNDS):
            self._polls = 0
            self.wait_until(lambda: not self.busy and (not self.running() or self._is_quiet()))
            if not self.running() and not self._unfinished():
                self._let_the_grace_pass()
                return
            self.reconcile()
        self.settle()

    def _unfinished(self) -> list[str]:
        """The deployments that have not ended, or owe a notification."""
        known = (self.world.deployments.get(one) for one in self.world.deployments.open())
        return [one.deployment_id for one in known if not one.is_told]

    def _let_the_grace_pass(self) -> None:
        """What is kept for a while after an end goes when its time is over: that is no repair."""
        if list(self.world.deployments.open()):
            self.world.clock.advance(GRACE_SECONDS)
            self.told("reconcile", {})
            self.wait_until(lambda: not self.running() and not self.busy)

    def _is_quiet(self) -> bool:
        if self.worked != self._seen:
            self._seen, self._polls = self.worked, 0
        self._polls += 1
        return self._polls > QUIET_POLLS

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Poll until the condition holds; fails at the deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"did not happen in {DEADLINE_SECONDS} s; states: {self.states[-8:]}"
            time.sleep(POLL_SECONDS)

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
        lock = self.world.locks.load(self.key)
        ids = {one.deployment_id for one in self.history() if one.execution_arn == execution_arn}
        return bool(found) and (found[0].is_terminal or bool(lock.waiting and lock.waiting.deployment_id in ids))

    def is_paused(self, execution_arn: str) -> bool:
        """Whether a person must decide about its deployment."""
        return any(one.pause_tokens for one in self.history() if one.execution_arn == execution_arn)

    def serves_canary(self) -> bool:
        """Whether any visitor gets anything but what was live at first."""
        return any(part.serving != {f"{name}-0"} for name, part in self.world.components.items())

    def history(self) -> list[Deployment]:
        """All deployments, oldest first."""
        return self.world.deployments.history(self.key, 100)[::-1]

    def kinds(self, deployment: Deployment) -> list[str]:
        """What happened to a deployment, by kind, in order."""
        return [event.kind for event in self.world.deployments.timeline(deployment.deployment_id)]

    # Whether all is well

    def check(self, *, held: bool = False, extra_notifications: bool = False) -> None:
        """The invariants, after everything has ended and no execution runs.

        `held`: a rollback failed, so the environment is held and not all is restored. `extra_notifications`:
        a function died after sending one, or two sent it at the same moment, so people may have got it twice.
        """
        self.settle()
        self.checked += 1
        invariants.check_lock(self.world, self.key, held=held)
        for deployment in self.history():
            invariants.check_ended(self.world, self.topic, deployment, extra_notification=extra_notifications)
        invariants.check_guards(self.table)
        if not held:
            invariants.check_live(self.world, self.key)

    def close(self) -> None:
        """Leave nothing running."""
        self.stop()
        moto_engine.release_threads(f"{self.name}-")
        moto_engine.INVOKERS.pop(self.name, None)


@cache
def bundle_of(application: str, version: str, tasks: tuple[str, ...] = ()) -> bytes:
    """A bundle whose contents are different for each version."""
    site = {"index.html": f"<title>{version}</title>".encode()}
    parts = bundle_parts(version, f"VERSION = {version!r}".encode(), site, application=application, checks=CHECKS)
    parts.manifest["tasks"] = [{"component": name} for name in tasks]
    return parts.pack()
