"""A state machine's definition, analysed without running it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrap_cdk.controller.state_machines import FOLDER

State = Mapping[str, Any]
TERMINAL = {"Succeed", "Fail"}


@dataclass(frozen=True)
class Scope:
    """The states that can name each other: a machine's own, those of a Map's processor, those of one branch."""

    definition: Mapping[str, Any]
    parents: "tuple[tuple[Scope, str], ...]" = ()
    """The states around it, innermost first, each with the scope that it is in."""

    @property
    def states(self) -> Mapping[str, State]:
        """Name → state."""
        states: Mapping[str, State] = self.definition["States"]
        return states

    def inner(self) -> "Iterator[Scope]":
        """This scope and all scopes inside it."""
        yield self
        for name, state in self.states.items():
            processors = [state["ItemProcessor"]] if "ItemProcessor" in state else []
            for definition in [*processors, *state.get("Branches", [])]:
                yield from Scope(definition, ((self, name), *self.parents)).inner()

    def reachable(self, start: str) -> set[str]:
        """The states that can come after (and with) this one, failures included."""
        seen: set[str] = set()
        left = [start]
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left.extend(following(self.states[name]))
        return seen

    def catchers(self, name: str) -> "Iterator[tuple[Scope, str]]":
        """Where a failure of this state goes, innermost first: the scope and the state that catches everything."""
        for scope, state in ((self, name), *self.parents):
            for catch in scope.states[state].get("Catch", []):
                if catch["ErrorEquals"] == ["States.ALL"]:
                    yield scope, catch["Next"]


def following(state: State) -> list[str]:
    """The names of the states that a state names."""
    named = [state.get("Next"), state.get("Default")]
    named += [choice["Next"] for choice in state.get("Choices", [])]
    named += [catch["Next"] for catch in state.get("Catch", [])]
    return [name for name in named if name]


def ends(state: State) -> bool:
    """Whether the scope ends with this state."""
    return state["Type"] in TERMINAL or state.get("End", False)


def load(name: str, folder: Path = FOLDER) -> Scope:
    """The machine of a name: `deploy`, `rollback`."""
    return Scope(json.loads((folder / f"{name}.asl.json").read_text()))


def states_of_type(name: str, kind: str) -> list[tuple[Scope, str]]:
    """Every state of a type in a machine, however deep, with its scope."""
    scopes = load(name).inner()
    return [(scope, state) for scope in scopes for state, one in scope.states.items() if one["Type"] == kind]
