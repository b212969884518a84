"""The application's own functions: the tasks of its releases, and its hooks, which answer as their plan says.

A task is as tasks are to be: it does its work once for each idempotency key. What must never be is kept in
`troubles`, and the invariants ask for it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from tests.simulation.engine.scheduler import Scheduler

HOOK = "shop-hook"
OK, FAILS, LOST, DIES, AGAIN = "ok", "fails", "lost", "dies", "again"
"""How a task's invocation goes: well; it fails half way; it runs, and its answer is lost, or whoever waits for it dies,
or the state that invoked it is run once more beside it."""
TASKS = (OK, FAILS, LOST, DIES, AGAIN)
AGREES, NOT_NOW, REFUSES, LATER, TWICE, CRASHES, SILENT = (
    "agrees", "not now", "refuses", "later", "twice", "crashes", "silent",
)  # fmt: skip
"""How a hook answers: at once; by its task token, once or twice, some time later; or never."""
HOOKS = (AGREES, NOT_NOW, REFUSES, LATER, TWICE, CRASHES, SILENT)
LONGEST = 240.0
"""Seconds for which an invocation of a task may run."""
PATIENT = "10m"
"""The environment's `hook_timeout`."""


@dataclass
class Run:
    """One invocation of a task, which goes on until then, whoever waits for it; `done` if its work is done by that."""

    key: str
    deployment: str
    since: float
    until: float
    done: bool


class Application:
    """Answers invocations.

    `again` lets the invocation that asks be run once more; `answer` ends the wait for a task token.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        say: Callable[[str], None],
        again: Callable[[float], None],
        answer: Callable[..., object],
    ) -> None:
        self._scheduler, self._say, self._again, self._answer = scheduler, say, again, answer
        self.hooks: list[str] = []
        """How the next questions to a hook are answered; it agrees to all after them."""
        self.runs: list[Run] = []
        self.allowed: set[str] = set()
        """The deployments to which a hook has agreed before their traffic."""
        self.troubles: list[str] = []
        self._asked: Counter[str] = Counter()

    def run_task(self, event: Mapping[str, Any], ways: Sequence[str]) -> dict[str, Any]:
        """Run the task of this event; `ways` say how its invocations go, one after the other, and well after them."""
        own, now, chance = event["selfright"], self._scheduler.seconds, self._scheduler.chance
        key = own["idempotency_key"]
        way = ways[self._asked[key]] if self._asked[key] < len(ways) else OK
        self._asked[key] += 1
        if beside := [one for one in self.runs if one.until > now]:
            self.troubles.append(f"I13: a task of {own['deployment_id']} begins beside one of {beside[-1].deployment}")
        self.runs.append(Run(key, own["deployment_id"], now, now + chance.uniform(0.1, LONGEST), way != FAILS))
        self._say(f"a task of {own['deployment_id']} begins: {way}, for {self.runs[-1].until - now:.0f} s")
        if way == AGAIN and self._scheduler.current:
            self._again(chance.uniform(0.01, 400))
        if way == DIES and (actor := self._scheduler.current):
            actor.process.die()
            self._scheduler.check()
        if way == LOST:
            raise ConnectionClosedError(endpoint_url="https://lambda")
        if self._scheduler.current:
            self._scheduler.sleep(self.runs[-1].until - now)
        if way == FAILS:
            return {"FunctionError": "Unhandled", "Payload": b'{"errorType": "MigrationError"}'}
        return {"Payload": b'{"migrated": 3}'}

    def is_done(self, deployment_id: str) -> bool:
        """Whether the deployment's task has done its work by now."""
        now = self._scheduler.seconds
        return any(one.deployment == deployment_id and one.done and one.until <= now for one in self.runs)

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the hook."""
        way = self.hooks.pop(0) if self.hooks else AGREES
        name, token = event["DeploymentId"], event["LifecycleEventHookExecutionId"]
        self._say(f"the hook is asked {event['hook']} for {name}: {way}")
        if way in {LATER, TWICE}:
            for _ in range(2 if way == TWICE else 1):
                self._scheduler.after(self._scheduler.chance.uniform(0.5, 120), lambda: self._agree(name, token))
        if way == AGREES:
            self.allowed.add(name)
        if way == CRASHES:
            return {"FunctionError": "Unhandled", "Payload": b'{"errorType": "KeyError"}'}
        status = {AGREES: "Succeeded", NOT_NOW: "NotNow", REFUSES: "Failed"}.get(way)
        return {"Payload": json.dumps({"status": status} if status else None).encode()}

    def _agree(self, name: str, token: str) -> None:
        """It answers by the task token; what comes too late is refused by Step Functions."""
        with suppress(ClientError):
            self._answer(taskToken=token, output='{"status": "Succeeded"}')
            self.allowed.add(name)

    def began(self) -> Mapping[str, int]:
        """Deployment → how often its tasks were begun."""
        found: defaultdict[str, int] = defaultdict(int)
        for one in self.runs:
            found[one.deployment] += 1
        return found
