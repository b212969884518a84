"""AWS CloudFormation in memory: the parts that moto lacks.

Change sets with replacements, operations that take time and have a token, failures in the middle, and updates by
somebody else. Field names, states and errors are those of AWS.
"""
# ruff: noqa: N803 - AWS's names

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.components.stack.templates import read_template

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REPLACING = {"FifoQueue", "KeySchema", "QueueName"}
"""Properties whose change replaces a resource; `Maybe` does so conditionally."""


@dataclass
class Stack:
    """A stack, with its events in the order in which they happened."""

    id: str
    name: str
    status: str
    template: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    role: str = ""


@dataclass
class FakeCloudFormation:
    """One region. Operations end after `patience` reads of the stack; `failing` resources cannot be made.

    `ssm` are the parameters of SSM that a template's parameters may name.
    """

    read: Callable[[str], str] = str
    patience: int = 0
    failing: dict[str, str] = field(default_factory=dict)
    ssm: dict[str, str] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)
    change_sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    page: int = 100
    before_execute: Callable[[], None] = lambda: None
    _running: dict[str, tuple[int, Callable[[], None]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    class exceptions:  # noqa: N801 - botocore's
        """The errors by name."""

        class AlreadyExistsException(ClientError):  # noqa: N818 - AWS's
            """The name is taken."""

    # -- actions of other people --------------------------------------------------------------------------------

    def by_hand(self, name: str, template: str, status: str = "UPDATE_COMPLETE", **parameters: str) -> Stack:
        """A person creates or changes a stack, which makes older change sets obsolete."""
        stack = self.stacks.get(name) or Stack(f"arn:{name}/{next(self._numbers)}", name, status)
        stack.template, stack.parameters, stack.status = template, parameters, status
        self.stacks[name] = stack
        self._event(stack, name, "AWS::CloudFormation::Stack", status, "", "")
        for change_set in self.change_sets.values():
            change_set["ExecutionStatus"] = "OBSOLETE"
        return stack

    def end_now(self, name: str) -> None:
        """End the running operation now."""
        stack = self._stack(name)
        self._running[stack.id] = (0, self._running[stack.id][1])
        self._pass_time(stack)

    # -- the calls -----------------------------------------------------------------------------------------------

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        """The stack; every read lets time pass."""
        stack = self._stack(StackName)
        self._pass_time(stack)
        stack = self._stack(StackName)
        values = [
            {"ParameterKey": key, "ParameterValue": value, "ResolvedValue": stack.read.get(key, "")}
            for key, value in stack.parameters.items()
        ]
        document = {"StackId": stack.id, "StackStatus": stack.status, "CreationTime": NOW, "Parameters": values}
        return {"Stacks": [{**document, "Capabilities": stack.capabilities}]}

    def get_template(self, *, StackName: str, TemplateStage: str) -> dict[str, Any]:
        """The text of the template."""
        assert TemplateStage == "Original"
        return {"TemplateBody": self._stack(StackName).template}

    def create_change_set(  # noqa: PLR0913 - AWS's
        self,
        *,
        StackName: str,
        ChangeSetName: str,
        ChangeSetType: str,
        RoleARN: str,
        Parameters: list[dict[str, Any]],
        Capabilities: list[str],
        TemplateBody: str = "",
        TemplateURL: str = "",
    ) -> dict[str, Any]:
        """Make a change set by comparing resources and their properties."""
        if ChangeSetName in self.change_sets:
            raise _error("AlreadyExistsException", "it exists", self.exceptions.AlreadyExistsException)
        if ChangeSetType == "CREATE":
            stack = self.stacks.setdefault(
                StackName, Stack(f"arn:{StackName}/{next(self._numbers)}", StackName, "REVIEW_IN_PROGRESS")
            )
        stack = self._stack(StackName)
        self._refuse_while_busy(stack)
        values = {
            one["ParameterKey"]: stack.parameters[one["ParameterKey"]]
            if one.get("UsePreviousValue")
            else one["ParameterValue"]
            for one in Parameters
        }
        text = TemplateBody or self.read(TemplateURL)
        read = {name: self.ssm[values[name]] for name in read_template(text, "it").from_ssm}
        _refuse_another_type(stack, text)
        changes = _changes(stack, text, {**values, **read})
        self.change_sets[ChangeSetName] = {
            "Status": "CREATE_COMPLETE" if changes else "FAILED",
            "ExecutionStatus": "AVAILABLE" if changes else "UNAVAILABLE",
            "StatusReason": "" if changes else "The submitted information didn't contain changes.",
            "changes": changes,
            "stack": stack,
            "template": text,
            "parameters": values,
            "read": read,
            "capabilities": Capabilities,
            "role": RoleARN,
        }
        return {"Id": ChangeSetName, "StackId": stack.id}

    def describe_change_set(self, *, StackName: str, ChangeSetName: str, NextToken: str = "0") -> dict[str, Any]:
        """A page of the change set."""
        self._stack(StackName)
        if ChangeSetName not in self.change_sets:
            raise _error("ChangeSetNotFound", f"ChangeSet [{ChangeSetName}] does not exist")
        change_set, start = self.change_sets[ChangeSetName], int(NextToken)
        shown = change_set["changes"][start : start + self.page]
        answer = {"Changes": [{"Type": "Resource", "ResourceChange": one} for one in shown]}
        answer |= {key: change_set[key] for key in ("Status", "ExecutionStatus", "StatusReason")}
        more = start + self.page < len(change_set["changes"])
        return {**answer, "NextToken": str(start + self.page)} if more else answer

    def execute_change_set(self, *, StackName: str, ChangeSetName: str, ClientRequestToken: str) -> None:
        """Begin to execute the change set."""
        self.before_execute()
        if ChangeSetName not in self.change_sets:
            raise _error("ChangeSetNotFound", f"ChangeSet [{ChangeSetName}] does not exist")
        change_set = self.change_sets[ChangeSetName]
        if change_set["ExecutionStatus"] != "AVAILABLE":
            raise _error("InvalidChangeSetStatus", f"it is {change_set['ExecutionStatus']}")
        stack = self._stack(StackName)
        self._refuse_while_busy(stack)
        self.change_sets = {}
        self.executed.append(ClientRequestToken)
        verb = "CREATE" if stack.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        stack.capabilities, stack.role = change_set["capabilities"], change_set["role"]
        self._begin(stack, f"{verb}_IN_PROGRESS", ClientRequestToken, lambda: self._end(stack, verb, change_set))

    def delete_change_set(self, *, StackName: str, ChangeSetName: str) -> None:
        """Delete the change set, unless it is being executed."""
        self._stack(StackName)
        if self.change_sets.get(ChangeSetName, {}).get("ExecutionStatus") == "EXECUTE_IN_PROGRESS":
            raise _error("InvalidChangeSetStatus", "it is being executed")
        self.change_sets.pop(ChangeSetName, None)

    def cancel_update_stack(self, *, StackName: str, ClientRequestToken: str) -> None:
        """Roll the update back."""
        stack = self._stack(StackName)
        if stack.status != "UPDATE_IN_PROGRESS":
            raise _error("ValidationError", "CancelUpdateStack cannot be called from current stack status")
        done = self._ended(stack, "UPDATE_ROLLBACK_COMPLETE", ClientRequestToken)
        self._begin(stack, "UPDATE_ROLLBACK_IN_PROGRESS", ClientRequestToken, done)

    def delete_stack(self, *, StackName: str, ClientRequestToken: str, RoleARN: str) -> None:
        """Begin to delete the stack."""
        assert RoleARN
        stack = self._stack(StackName)

        def gone() -> None:
            del self.stacks[StackName]

        self._begin(stack, "DELETE_IN_PROGRESS", ClientRequestToken, gone)

    def get_paginator(self, operation: str) -> "_Pages":
        """A paginator with one entry on each page."""
        return _Pages(self, operation)

    # -- inside --------------------------------------------------------------------------------------------------

    def _stack(self, name: str) -> Stack:
        known = [one for one in self.stacks.values() if name in {one.name, one.id}]
        if not known:
            raise _error("ValidationError", f"Stack with id {name} does not exist")
        return known[0]

    @staticmethod
    def _refuse_while_busy(stack: Stack) -> None:
        if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
            arn = f"Stack:{stack.id}"
            raise _error("ValidationError", f"{arn} is in {stack.status} state and can not be updated.")

    def _begin(self, stack: Stack, status: str, token: str, end: Callable[[], None]) -> None:
        stack.status = status
        self._event(stack, stack.name, "AWS::CloudFormation::Stack", status, token, "")
        self._running[stack.id] = (self.patience, end)

    def _end(self, stack: Stack, verb: str, change_set: Mapping[str, Any]) -> None:
        token = stack.events[-1]["ClientRequestToken"]
        made = read_template(change_set["template"], "it").resources
        for name in sorted(made.keys() & self.failing.keys()):
            self._event(stack, name, made[name], f"{verb}_FAILED", token, self.failing[name])
        if made.keys() & self.failing.keys():
            self._event(stack, "Other", "AWS::SQS::Queue", f"{verb}_FAILED", token, "Resource creation cancelled")
            rollback = "ROLLBACK_COMPLETE" if verb == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
            self._ended(stack, rollback, token)()
            stack.template = stack.template or change_set["template"]
            return
        stack.template, stack.parameters = change_set["template"], change_set["parameters"]
        stack.read = change_set["read"]
        self._ended(stack, f"{verb}_COMPLETE", token)()

    def _ended(self, stack: Stack, status: str, token: str) -> Callable[[], None]:
        def end() -> None:
            stack.status = status
            self._event(stack, stack.name, "AWS::CloudFormation::Stack", status, token, "")

        return end

    def _pass_time(self, stack: Stack) -> None:
        if stack.id not in self._running:
            return
        left, end = self._running.pop(stack.id)
        if left:
            self._running[stack.id] = (left - 1, end)
        else:
            end()

    def _event(  # noqa: PLR0913, PLR0917 - what an event has
        self, stack: Stack, name: str, kind: str, status: str, token: str, reason: str
    ) -> None:
        event = {"LogicalResourceId": name, "ResourceType": kind, "ResourceStatus": status}
        event |= {"PhysicalResourceId": stack.id if name == stack.name else f"p-{name}", "ResourceStatusReason": reason}
        stack.events.append({**event, "ClientRequestToken": token})


@dataclass
class _Pages:
    aws: FakeCloudFormation
    operation: str

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        """One entry on each page, newest first."""
        stack = self.aws._stack(StackName)
        if self.operation == "describe_stack_events":
            yield from ({"StackEvents": [event]} for event in reversed(stack.events))
            return
        gone = "ROLLBACK_COMPLETE" in stack.status
        status = "DELETE_COMPLETE" if gone else "CREATE_COMPLETE"
        for name, kind in read_template(stack.template, "it").resources.items():
            yield {
                "StackResourceSummaries": [{"LogicalResourceId": name, "ResourceType": kind, "ResourceStatus": status}]
            }


def _refuse_another_type(stack: Stack, text: str) -> None:
    before = read_template(stack.template, "it").resources if stack.template else {}
    after = read_template(text, "it").resources
    if other := [name for name in before.keys() & after.keys() if before[name] != after[name]]:
        said = "Update of resource type is not permitted. The new template modifies resource type of the following"
        raise _error("ValidationError", f"{said} resources: [{', '.join(sorted(other))}]")


def _changes(stack: Stack, text: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    before = read_template(stack.template, "it").content["Resources"] if stack.template else {}
    after = read_template(text, "it").content["Resources"]
    changes = []
    for name in sorted(before.keys() | after.keys()):
        kind = {"LogicalResourceId": name, "ResourceType": (after.get(name) or before.get(name))["Type"]}
        if name not in before:
            changes.append({"Action": "Add", **kind})
        elif name not in after:
            policy = before[name].get("DeletionPolicy", "Delete")
            changes.append({"Action": "Remove", **kind, "PolicyAction": policy})
        elif before[name] != after[name] or (
            values != {**stack.parameters, **stack.read} and "Ref" in str(after[name])
        ):
            changes.append({"Action": "Modify", **kind, **_difference(before[name], after[name])})
    return changes


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    old, new = before.get("Properties", {}), after.get("Properties", {})
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    replaces = "True" if REPLACING & set(names) else "Conditional" if "Maybe" in names else "False"
    needs = {"True": "Always", "Conditional": "Conditionally", "False": "Never"}[replaces]
    targets = [{"Attribute": "Properties", "Name": name, "RequiresRecreation": needs} for name in names]
    return {"Replacement": replaces, "Details": [{"Target": target} for target in targets]}


def _error(code: str, message: str, kind: type[ClientError] = ClientError) -> ClientError:
    return kind({"Error": {"Code": code, "Message": message}}, "CloudFormation")
