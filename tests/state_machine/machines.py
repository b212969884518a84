"""The two state machines as they are in `state_machine/`: what a deployment fills in, and which Tasks they have."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "state_machine"
DEPLOY, ROLLBACK = "deploy", "rollback"
GROUPS = ("intake", "stage", "check", "traffic", "watch", "close")


@dataclass(frozen=True)
class Task:
    """A Task of a machine; `waits` says that it waits for a token after its function has returned."""

    machine: str
    state: str
    waits: bool

    def __str__(self) -> str:
        return f"{self.machine}: {self.state}"


def definition(machine: str) -> str:
    """The definition of a machine, with names that end in the group of each function."""
    functions = {f"{group.capitalize()}FunctionArn": f"arn:aws:lambda:::function:selfright-{group}" for group in GROUPS}
    values = {**functions, "Partition": "aws", "RollbackMachineArn": "arn:aws:states:::stateMachine:rollback"}
    text = (FOLDER / f"{machine}.asl.json").read_text()
    return re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], text)


def tasks(machine: str) -> list[Task]:
    """Every Task of a machine, those within Maps and Parallels too: a new state is tested as soon as it is there."""
    return [
        Task(machine, name, "waitForTaskToken" in state["Resource"])
        for name, state in states(machine)
        if state["Type"] == "Task"
    ]


def states(machine: str) -> list[tuple[str, dict[str, Any]]]:
    """Every state of a machine by its name, those within Maps and Parallels too."""
    return list(_states(json.loads((FOLDER / f"{machine}.asl.json").read_text())))


def _states(program: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in program["States"].items():
        yield name, state
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from _states(inner)


DEPLOY_TASKS = tasks(DEPLOY)
ROLLBACK_TASKS = tasks(ROLLBACK)
ALL_TASKS = DEPLOY_TASKS + ROLLBACK_TASKS
