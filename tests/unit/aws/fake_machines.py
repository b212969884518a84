"""A state machine in memory that answers like AWS Step Functions, with its conditions; executions run when told to."""
# ruff: noqa: ANN401, D102, N803 - the methods, names and documents are AWS's

import itertools
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from tests.unit.aws.fake_lambda import refuse

NAME = "orders"
MACHINE = f"arn:aws:states:eu-central-1:111122223333:stateMachine:{NAME}"
ROLE = "arn:aws:iam::111122223333:role/orders"
PLACEHOLDER = {"StartAt": "Begin", "States": {"Begin": {"Type": "Pass", "End": True}}}


def a_definition(word: str = "hello", **more: Any) -> dict[str, Any]:
    """A definition of one state that says a word."""
    return {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": word, "End": True}}, **more}


class FakeMachines:
    """One state machine with the alias `live` on version 1.

    `before` maps an operation to an action of another writer just before it, once. `invalid` is what Step Functions
    says against the next definition. An execution keeps the definition of the version on which it began.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.invalid = ""
        self.gone = False
        self._numbers, self._revisions = itertools.count(1), itertools.count(1)
        self.latest: dict[str, Any] = {
            "stateMachineArn": MACHINE,
            "definition": json.dumps(PLACEHOLDER),
            "roleArn": ROLE,
            "type": "STANDARD",
            "status": "ACTIVE",
        }
        self.versions: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, dict[str, Any]] = {}
        self.executions: list[dict[str, Any]] = []
        self.publish_state_machine_version(stateMachineArn=MACHINE, revisionId="INITIAL")
        self.point("live", {"1": 100})
        self.calls.clear()

    @property
    def live(self) -> dict[str, int]:
        """Version → weight of the alias `live`."""
        routes = self.aliases["live"]["routingConfiguration"]
        return {one["stateMachineVersionArn"].rpartition(":")[2]: one["weight"] for one in routes}

    def point(self, alias: str, weights: Mapping[str, int]) -> None:
        """A person moves an alias."""
        routes = [
            {"stateMachineVersionArn": f"{MACHINE}:{number}", "weight": weight} for number, weight in weights.items()
        ]
        self.aliases[alias] = {"description": "by hand", "routingConfiguration": routes}

    def start(self, version: str, alias: str = "live") -> dict[str, Any]:
        """Start an execution on a version, by an alias or without one."""
        by = {"stateMachineAliasArn": f"{MACHINE}:{alias}"} if alias else {}
        one = {"status": "RUNNING", "definition": deepcopy(self.versions[version]["definition"]), **by}
        self.executions.append(one)
        return one

    @property
    def mutations(self) -> list[str]:
        """The calls that change something."""
        return [one for one in self.calls if not one.startswith(("describe", "list", "validate"))]

    def describe_state_machine(self, *, stateMachineArn: str) -> dict[str, Any]:
        self._enter("describe_state_machine")
        number = stateMachineArn.removeprefix(MACHINE).lstrip(":")
        if self.gone or (number and number not in self.versions):
            raise refuse("StateMachineDoesNotExist", 400)
        return deepcopy(self.versions[number] if number else self.latest)

    def update_state_machine(self, *, stateMachineArn: str, definition: str) -> dict[str, Any]:
        self._enter("update_state_machine")
        if self.invalid:
            raise refuse("InvalidDefinition", 400, message=self.invalid)
        self.latest |= {"definition": definition, "revisionId": f"revision-{next(self._revisions)}"}
        return {"revisionId": self.latest["revisionId"]}

    def publish_state_machine_version(
        self, *, stateMachineArn: str, revisionId: str, description: str = ""
    ) -> dict[str, Any]:
        """The same revision again is the same version."""
        self._enter("publish_state_machine_version")
        if revisionId != self.latest.get("revisionId", "INITIAL"):
            raise refuse("ConflictException", 409)
        same = [number for number, one in self.versions.items() if one["published"] == revisionId]
        number = same[0] if same else str(next(self._numbers))
        if not same:
            self.versions[number] = {**deepcopy(self.latest), "description": description, "published": revisionId}
        return {"stateMachineVersionArn": f"{MACHINE}:{number}"}

    def delete_state_machine_version(self, *, stateMachineVersionArn: str) -> None:
        self._enter("delete_state_machine_version")
        if any(stateMachineVersionArn in str(alias) for alias in self.aliases.values()):
            raise refuse("ConflictException", 409)
        self.versions.pop(stateMachineVersionArn.rpartition(":")[2], None)

    def list_state_machine_versions(self, *, stateMachineArn: str, maxResults: int) -> dict[str, Any]:
        self._enter("list_state_machine_versions")
        numbers = sorted(self.versions, key=int, reverse=True)[:maxResults]
        return {"stateMachineVersions": [{"stateMachineVersionArn": f"{MACHINE}:{number}"} for number in numbers]}

    def list_state_machine_aliases(self, *, stateMachineArn: str, nextToken: str = "") -> dict[str, Any]:
        """One alias a page."""
        self._enter("list_state_machine_aliases")
        names = sorted(self.aliases)
        at = int(nextToken or 0)
        found = [{"stateMachineAliasArn": f"{MACHINE}:{name}"} for name in names[at : at + 1]]
        return {"stateMachineAliases": found, **({"nextToken": str(at + 1)} if at + 1 < len(names) else {})}

    def describe_state_machine_alias(self, *, stateMachineAliasArn: str) -> dict[str, Any]:
        self._enter("describe_state_machine_alias")
        name = stateMachineAliasArn.rpartition(":")[2]
        if name not in self.aliases:
            raise refuse("ResourceNotFound", 400)
        return deepcopy(self.aliases[name])

    def update_state_machine_alias(
        self, *, stateMachineAliasArn: str, description: str, routingConfiguration: list[dict[str, Any]]
    ) -> None:
        """Without any condition."""
        self._enter("update_state_machine_alias")
        self._require_routes(routingConfiguration)
        made = {"description": description, "routingConfiguration": deepcopy(routingConfiguration)}
        self.aliases[stateMachineAliasArn.rpartition(":")[2]] = made

    def create_state_machine_alias(self, *, name: str, routingConfiguration: list[dict[str, Any]]) -> None:
        self._enter("create_state_machine_alias")
        self._require_routes(routingConfiguration)
        self.aliases[name] = {"description": "", "routingConfiguration": deepcopy(routingConfiguration)}

    def list_executions(self, *, stateMachineArn: str, maxResults: int) -> dict[str, Any]:
        self._enter("list_executions")
        return {"executions": self.executions[-maxResults:]}

    def validate_state_machine_definition(self, *, definition: str, type: str, severity: str) -> dict[str, Any]:  # noqa: A002
        self._enter("validate_state_machine_definition")
        if not self.invalid:
            return {"result": "OK", "diagnostics": []}
        return {"result": "FAIL", "diagnostics": [{"message": self.invalid, "location": "/States/Say"}]}

    def _require_routes(self, routes: list[dict[str, Any]]) -> None:
        """One or two versions that exist, each once, and weights of 100 together."""
        numbers = [one["stateMachineVersionArn"].rpartition(":")[2] for one in routes]
        weights = [one["weight"] for one in routes]
        if len(set(numbers)) != len(numbers) or not 1 <= len(numbers) <= 2 or sum(weights) != 100:
            raise refuse("ValidationException", 400)
        if not set(numbers) <= self.versions.keys():
            raise refuse("ResourceNotFound", 400)

    def _enter(self, operation: str) -> None:
        if action := self.before.pop(operation, None):
            action()
        self.calls.append(operation)
