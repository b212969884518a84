"""What happens in a plan: people who upload, roll back, resume, stop and unlock; and alarms that fire."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller.domain.deployment import Deployment
from controller.domain.phases import TERMINAL, Phase
from tests.simulation.plan import Event
from tests.simulation.releases import ANSWERS, Release
from tests.simulation.scene import BEFORE, MACHINE, Scene
from tests.state_machine.machines import ROLLBACK

LOOKS_EVERY = 5.0
"""Seconds after which somebody who waits for a deployment looks at it again."""
REPAIRED_AFTER = 2400.0
"""Seconds after which what became bad is good again."""
INSISTS, INSISTS_EVERY = 10, 120.0
"""How often a person uploads again what was refused, and how many seconds later."""
UNDONE = frozenset({Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED})


class People:
    """Does the events of a plan. People's own network is perfect: what they ask for arrives at once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._rollbacks = 0
        self.turned_bad: dict[str, float] = {}
        """Version → when it became bad."""
        self.rolled_back: set[str] = set()
        """The deployments that somebody rolled back."""

    def do(self, event: Event) -> None:
        """One event."""
        getattr(self, event.what)(**event.details)

    def upload(self, **release: Any) -> None:  # noqa: ANN401 - see `Release`
        """Upload a release."""
        self._scene.upload(Release(**release), f"-{len(self._scene.uploads)}")

    def upload_after(self, other: str, pause: float, **release: Any) -> None:  # noqa: ANN401 - see `Release`
        """Upload a release so many seconds after another version has ended, and again whenever it is refused."""
        self._after(other, lambda: self._insist(pause, release, INSISTS))

    def turn_bad(self, version: str, way: str = ANSWERS) -> None:
        """A release becomes bad that was good until now; if it is still live after a while, somebody repairs it."""
        self._scene.say(f"{version} becomes bad: {way}")
        releases, scheduler = self._scene.visitors.releases, self._scene.scheduler
        releases[version] = replace(releases[version], bad=way)
        self.turned_bad[version] = scheduler.seconds
        scheduler.after(REPAIRED_AFTER, lambda: releases.update({version: replace(releases[version], bad="")}))

    def _after(self, version: str, action: Callable[[], None]) -> None:
        """Do something as soon as all deployments of a version have ended."""
        if self._phases(version) and all(phase in TERMINAL for phase in self._phases(version)):
            action()
        else:
            self._scene.scheduler.after(LOOKS_EVERY, lambda: self._after(version, action))

    def _insist(self, pause: float, release: Mapping[str, Any], left: int) -> None:
        """Upload; when it was refused because of an alarm, look again in some minutes."""

        def refused() -> None:
            if left and self._phases(release["version"])[-1] is Phase.REJECTED:
                self._insist(INSISTS_EVERY, release, left - 1)

        def begin() -> None:
            self.upload(**release)
            self._scene.scheduler.after(INSISTS_EVERY, lambda: self._after(release["version"], refused))

        self._scene.scheduler.after(pause, begin)

    def _phases(self, version: str) -> list[Phase]:
        return [one.phase for one in self._scene.deployments() if one.version == version]

    def again(self) -> None:
        """The event of the last upload comes once more."""
        if self._scene.uploads:
            self._scene.say("the event of the last upload comes again")
            self._scene.tell_upload(self._scene.uploads[-1])

    def alarm(self, name: str, late: float = 0.0, stays: float = 0.0) -> None:
        """An alarm fires."""
        self._scene.fire(name, late=late, stays=stays)

    def stop(self, machine: str) -> None:
        """Press *Stop* in the console on whatever runs of a machine."""
        for execution in self._scene.workflows.running:
            if execution.machine == machine:
                self._scene.say(f"stops {execution.arn}")
                self._scene.workflows.stop_execution(executionArn=execution.arn)

    def roll_back(self) -> None:
        """`selfright rollback`."""
        if chosen := self._to_roll_back():
            self._scene.say(f"rolls back {chosen.deployment_id}")
            self._start_rollback(chosen.deployment_id)

    def emergency(self, version: str = "") -> None:
        """`selfright rollback --emergency`: the alarm function and the rollback machine at the same time.

        With `version` only if that is what would be rolled back.
        """
        chosen = self._to_roll_back()
        if chosen and version in {"", chosen.version}:
            self._scene.say(f"rolls back {chosen.deployment_id} in an emergency")
            event = {"emergency": True, "deployment_id": chosen.deployment_id, "reason": "It burns."}
            self._scene.functions.invoke("-on_alarm", {"task": "on_alarm", **event}, "on_alarm: emergency")
            self._start_rollback(chosen.deployment_id)

    def hook(self, answers: Sequence[str]) -> None:
        """The hook answers its next questions like this."""
        self._scene.application.hooks = list(answers)

    def few(self, few: bool) -> None:
        """Few visitors come, or many again."""
        self._scene.metrics.few = few

    def resume(self) -> None:
        """`selfright resume` on a deployment that is paused."""
        for one in self._scene.deployments():
            waiting = [token for token in one.pause_tokens if not self._scene.workflows.is_answered(token)]
            for token in waiting:
                self._scene.say(f"resumes {one.deployment_id}")
                output = json.dumps({"outcome": "resumed", "deployment_id": one.deployment_id})
                self._scene.workflows.send_task_success(taskToken=token, output=output)

    def unlock(self) -> None:
        """`selfright unlock` in a held environment."""
        failed = [one for one in self._scene.deployments() if one.phase is Phase.ROLLBACK_FAILED]
        if failed and self._scene.world().locks.load(self._scene.key).held:
            self._scene.say(f"unlocks after {failed[-1].deployment_id}")
            self._start_rollback(failed[-1].deployment_id, unlock=True)

    def _to_roll_back(self) -> Deployment | None:
        """The deployment that the command line would choose."""
        history = self._scene.deployments()
        lock = self._scene.world().locks.load(self._scene.key)
        on_its_way = [one for one in history if one.phase not in TERMINAL]
        if on_its_way:
            holder = [one for one in on_its_way if one.deployment_id == lock.holder]
            return (holder or on_its_way)[-1]
        failed = [one for one in history if one.phase is Phase.ROLLBACK_FAILED]
        live = [one for one in history if one.deployment_id == lock.live]
        chosen = (failed if lock.held else live)[-1:]
        possible = chosen and chosen[0].phase not in UNDONE and chosen[0].version != BEFORE.version
        return chosen[0] if possible else None  # Before the first release there is nothing to go back to.

    def _start_rollback(self, deployment_id: str, *, unlock: bool = False) -> None:
        self._rollbacks += 1
        if not unlock:
            self.rolled_back.add(deployment_id)
        document = {"deployment_id": deployment_id, "by": "person", "reason": "Told to.", "unlock": unlock}
        name = f"{deployment_id}-person-{self._rollbacks}"
        machine = f"{MACHINE}{ROLLBACK}"
        self._scene.workflows.start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))
