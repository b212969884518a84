"""Runs a program in the Amazon States Language, in virtual time: the subset of which the two machines are made."""
# ruff: noqa: ANN401 - JSON

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from tests.simulation.engine.signals import Flow, Signal, Steps
from tests.simulation.machines.paths import RUNTIME, StatesError, at, filled, holds, placed

FUNCTION, CHILD = "states:::lambda:invoke", "states:::states:startExecution.sync:2"
TOKEN = ".waitForTaskToken"
TIMEOUT, ALL, FAILED = "States.Timeout", "States.ALL", "States.TaskFailed"
MOST_EVENTS = 25_000
EVENTS = {"Task": 6, "Map": 4, "Parallel": 4}
"""How many events a state adds to the history, roughly; the others two."""
RETRY_EVENTS = 3
State = Mapping[str, Any]


class Place(Protocol):
    """Where an execution runs: what its states do, and its time."""

    def invoke(self, function: str, payload: Any, state: str) -> Signal:
        """Run a function; settles with what it returns, or fails with a `StatesError`."""

    def child(self, machine: str, document: Any) -> tuple[Signal, Callable[[], object]]:
        """Run another machine; settles with its description. The second thing stops it."""

    def token(self) -> tuple[str, Signal]:
        """A new task token, and its answer."""

    def sleep(self, seconds: float) -> Signal:
        """Settles after so many seconds."""

    def flow(self, steps: Steps) -> Flow:
        """Run steps beside these."""

    def fail_after(self, seconds: float, signal: Signal, error: StatesError) -> Callable[[], None]:
        """Fail a signal when its time is over; returns what cancels that."""

    def jitter(self) -> float:
        """A random share, 0 to 1."""


class Run:
    """One execution's way through its program. `states` are the names of those that it is in.

    `events` counts those of its history, `transitions` what AWS charges, by state: how often it was entered or retried.
    """

    def __init__(self, place: Place, context: Mapping[str, Any]) -> None:
        self._place, self._context = place, context
        self.events = 2
        self.transitions: Counter[str] = Counter()
        self.states: list[str] = []

    def program(self, program: State, data: Any, more: Mapping[str, Any] | None = None) -> Steps:
        """The steps from a program's first state to its end; returns the output, raises `StatesError`."""
        context = {**self._context, **(more or {})}
        name = program["StartAt"]
        while True:
            state = program["States"][name]
            with self._in(name):
                here = {**context, "State": {"Name": name}}
                yield self._place.sleep(0)
                self._count(name, EVENTS.get(state["Type"], 2))
                following, data = yield from self._state(name, state, data, here)
            if following is None:
                return data
            name = following

    @contextmanager
    def _in(self, name: str) -> Iterator[None]:
        self.states.append(name)
        try:
            yield
        finally:
            self.states.remove(name)

    def _count(self, name: str, events: int) -> None:
        self.events += events
        self.transitions[name] += 1
        if self.events > MOST_EVENTS:
            raise StatesError(RUNTIME, f"The execution has more than {MOST_EVENTS:,} events.")

    def _state(self, name: str, state: State, data: Any, context: State) -> Steps:
        """One state; returns the name of the next one (None at the end) and its input."""
        match state["Type"]:
            case "Choice":
                return _choice(state, data, context), data
            case "Succeed":
                return None, data
            case "Fail":
                cause = at(state["CausePath"], data, context) if "CausePath" in state else state.get("Cause", "")
                raise StatesError(state.get("Error", ""), str(cause))
            case "Wait":
                seconds = at(state["SecondsPath"], data, context) if "SecondsPath" in state else state["Seconds"]
                yield self._place.sleep(seconds)
                return _next(state), data
        return (yield from self._guarded(name, state, data, context))

    def _guarded(self, name: str, state: State, data: Any, context: State) -> Steps:
        """A state with Retry and Catch."""
        used = [0] * len(state.get("Retry", ()))
        while True:
            try:
                result = yield from self._result(name, state, data, context)
            except StatesError as error:
                if (pause := self._pause(state, error, used)) is not None:
                    self._count(name, RETRY_EVENTS)
                    yield self._place.sleep(pause)
                    continue
                for catcher in state.get("Catch", ()):
                    if _matches(error.name, catcher["ErrorEquals"]):
                        return catcher["Next"], placed(catcher.get("ResultPath", "$"), data, error.document())
                raise
            if "ResultSelector" in state:
                result = filled(state["ResultSelector"], result, context)
            output = placed(state.get("ResultPath", "$"), data, result)
            return _next(state), at(state.get("OutputPath", "$"), output, context)

    def _pause(self, state: State, error: StatesError, used: list[int]) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        for index, rule in enumerate(state.get("Retry", ())):
            if not _matches(error.name, rule["ErrorEquals"]):
                continue
            if used[index] >= rule.get("MaxAttempts", 3):
                return None
            pause = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2) ** used[index]
            used[index] += 1
            pause = min(pause, rule.get("MaxDelaySeconds", pause))
            return pause * self._place.jitter() if rule.get("JitterStrategy") == "FULL" else pause
        return None

    def _result(self, name: str, state: State, data: Any, context: State) -> Steps:
        match state["Type"]:
            case "Pass":
                return state["Result"] if "Result" in state else filled(state.get("Parameters", data), data, context)
            case "Task":
                return (yield from self._task(name, state, data, context))
            case "Map":
                return (yield from self._map(state, data, context))
            case "Parallel":
                branches = [self.program(branch, data, context) for branch in state["Branches"]]
                return (yield from self._together(branches, len(branches)))
        raise NotImplementedError(f"the simulator does not know the state type {state['Type']}")

    def _map(self, state: State, data: Any, context: State) -> Steps:
        items = at(state.get("ItemsPath", "$"), data, context)
        runs = []
        for index, value in enumerate(items):
            inner = {**context, "Map": {"Item": {"Index": index, "Value": value}}}
            given = filled(state["ItemSelector"], data, inner) if "ItemSelector" in state else value
            runs.append(self.program(state["ItemProcessor"], given, inner))
        return (yield from self._together(runs, state.get("MaxConcurrency") or len(runs)))

    def _together(self, runs: Sequence[Steps], most: int) -> Steps:
        """Run several programs, so many at once; the first failure ends all."""
        results: list[Any] = [None] * len(runs)
        waiting = list(enumerate(runs))
        active: dict[int, Flow] = {}
        try:
            while waiting or active:
                while waiting and len(active) < most:
                    index, steps = waiting.pop(0)
                    active[index] = self._place.flow(steps)
                yield _first([flow.done for flow in active.values()])
                for index, flow in list(active.items()):
                    if flow.done.settled:
                        if flow.done.error:
                            raise flow.done.error
                        results[index] = flow.done.value
                        del active[index]
        finally:
            for flow in active.values():
                flow.cancel()
        return results

    def _task(self, name: str, state: State, data: Any, context: State) -> Steps:
        resource, answer = state["Resource"], Signal()
        stop: Callable[[], object] | None = None
        token = ""
        if resource.endswith(TOKEN):
            token, answered = self._place.token()
            answered.then(answer.follow)
            context = {**context, "Task": {"Token": token}}
        given = filled(state["Parameters"], data, context)
        seconds = at(state["TimeoutSecondsPath"], data, context) if "TimeoutSecondsPath" in state else None
        seconds = state.get("TimeoutSeconds") if seconds is None else seconds
        cancel = self._place.fail_after(seconds, answer, StatesError(TIMEOUT)) if seconds else (lambda: None)
        if FUNCTION in resource:
            returned = self._place.invoke(given["FunctionName"], given["Payload"], name)
            returned.then(lambda done: done.error and answer.fail(done.error) if token else answer.follow(done))
        elif resource.endswith(CHILD):
            ended, stop = self._place.child(given["StateMachineArn"], given["Input"])
            ended.then(answer.follow)
        else:
            raise NotImplementedError(f"the simulator does not know the resource {resource}")
        try:
            return (yield answer)
        finally:
            cancel()
            if token:
                answered.fail(StatesError(TIMEOUT))  # From now on, nobody can answer this token any more.
            if not answer.settled:
                answer.fail(StatesError(TIMEOUT, "Nobody waits for it any more."))
                if stop:
                    stop()


def _choice(state: State, data: Any, context: State) -> str:
    for rule in state["Choices"]:
        if holds(rule, data, context):
            return str(rule["Next"])
    if "Default" not in state:
        raise StatesError("States.NoChoiceMatched", "")
    return str(state["Default"])


def _next(state: State) -> str | None:
    return None if state.get("End") else state["Next"]


def _matches(error: str, names: Sequence[str]) -> bool:
    if error == RUNTIME:
        return RUNTIME in names
    return error in names or ALL in names or (FAILED in names and error != TIMEOUT)


def _first(signals: Sequence[Signal]) -> Signal:
    """Settles as soon as one of them has, and never fails itself."""
    first = Signal()
    for signal in signals:
        signal.then(lambda _: first.succeed())
    return first


def parsed(text: str) -> Any:
    """A document that passes between states, as new as JSON makes it."""
    return json.loads(text)
