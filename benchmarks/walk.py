"""Counts the state transitions of a good release along the definition of the deploy machine.

A transition is an entered state, also within Maps and Parallels: AWS counts and charges exactly these.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfright.layout import ROOT

MACHINE = ROOT / "state_machine" / "deploy.asl.json"
State = dict[str, Any]


class Walk:
    """A good release with these components, and these evaluations at each step (0: no bake).

    `components` is the number in each wave; a plain number means one wave.
    """

    def __init__(self, components: int | list[int], evaluations: list[int], machine: Path = MACHINE) -> None:
        self._definition: State = json.loads(machine.read_text())
        self._waves = [components] if isinstance(components, int) else components
        self._evaluations = evaluations
        self._step = -1
        self.entered: Counter[str] = Counter()
        self.tasks = 0
        self._walk(self._definition)

    @property
    def transitions(self) -> int:
        """All states entered."""
        return self.entered.total()

    def _walk(self, program: State) -> None:
        name = program["StartAt"]
        while name:
            state = program["States"][name]
            self.entered[name] += 1
            name = self._next(state)

    def _next(self, state: State) -> str:
        if state["Type"] == "Task":
            self.tasks += 1
        if state["Type"] == "Map":
            for number in range(self._times(state)):
                self._step = number
                self._walk(state["ItemProcessor"])
        for branch in state.get("Branches", []):
            self._walk(branch)
        if state["Type"] == "Choice":
            return str(next((rule["Next"] for rule in state["Choices"] if self._holds(rule)), state.get("Default", "")))
        return str(state.get("Next", ""))

    def _times(self, state: State) -> int:
        return len(self._evaluations) if state["ItemsPath"] == "$.steps" else self._waves[self._staged - 1]

    def _holds(self, rule: Mapping[str, Any]) -> bool:
        if "Not" in rule:
            return not self._holds(rule["Not"])
        if "And" in rule:
            return all(self._holds(one) for one in rule["And"])
        if "NumericEquals" in rule:
            return bool(rule["NumericEquals"] == 0) and not self._evaluations[self._step]
        return bool(rule.get("StringEquals") in self._answers(rule["Variable"]))

    def _answers(self, variable: str) -> set[str]:
        if variable.endswith("verdict"):
            left = self._evaluations[self._step] - self.entered_in_step()
            return {"wait"} if left > 0 else {"healthy"}
        if self._staged < len(self._waves) and self.entered["Test staged release"]:
            return {"next_wave"}
        return {"received", "valid", "granted", "ready", "healthy"}

    @property
    def _staged(self) -> int:
        return self.entered["Stage components"]

    def entered_in_step(self) -> int:
        """The number of evaluations in this step so far."""
        return self.entered["Judge canary"] - sum(self._evaluations[: self._step])
