"""A state machine's definition, compared with the live version, state by state."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.state_machine.component import StateMachineComponent
from controller.aws.components.state_machine.versions import FROM_TEMPLATE, REFUSED, MachineVersions
from controller.domain.components.state_machine.artifact import StateMachineArtifact
from controller.domain.components.state_machine.definition import canonical
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.errors import AwsError
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Difference, Refusal, compare

NEXT = "Correct the definition and bundle it again."
NAMES = {"roleArn": "execution role", "loggingConfiguration": "logging", "tracingConfiguration": "tracing"}
"""What a version has of its template → its plain name."""


def plan_state_machine(
    planning: Planning, target: StateMachineTarget, known: ComponentPlan, artifact: StateMachineArtifact
) -> ComponentPlan:
    """Compare the definition with the live version in `known`; up to three calls, which change nothing."""
    text = target.written(artifact, known.name, planning.bundle)
    versions = MachineVersions(planning.clients, target.state_machine_arn)
    live, latest = versions.described(known.live), versions.described()
    if StateMachineComponent.is_in(live, latest, text):
        return replace(known, change="unchanged")
    wrong = _wrong(planning.clients, text, str(latest.get("type", "STANDARD")))
    changed = [name for name in FROM_TEMPLATE if live.get(name) != latest.get(name)]
    return replace(
        known,
        change="changed",
        items=compare(_states(live["definition"]), _states(text), "states"),
        differences=tuple(Difference(NAMES[name], _text(live.get(name)), _text(latest.get(name))) for name in changed),
        refusal=Refusal(f"{REFUSED}: {wrong}", NEXT) if wrong else None,
    )


def _wrong(clients: Clients, text: str, kind: str) -> str:
    """What Step Functions itself says against a definition; "" also when it may not be asked."""
    try:
        with calling("states:ValidateStateMachineDefinition", "the definition"):
            found = clients.machines.validate_state_machine_definition(
                definition=text, type="EXPRESS" if kind == "EXPRESS" else "STANDARD", severity="ERROR"
            )
    except AwsError:
        return ""
    if found["result"] == "OK":
        return ""
    first = found["diagnostics"][0] if found["diagnostics"] else {"message": "it gives no reason"}
    return f"{first['message']}{' at ' + place if (place := str(first.get('location', ''))) else ''}"


def _states(definition: str) -> Mapping[str, str]:
    """The states by name, as JSON; what stands beside them is one more item."""
    content: dict[str, Any] = json.loads(definition)
    states = content.pop("States", {})
    return {**{name: canonical(state) for name, state in states.items()}, "(the machine itself)": canonical(content)}


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else canonical(value)
