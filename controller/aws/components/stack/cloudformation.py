"""One CloudFormation stack: its state, its change sets, its events. Each method is one call and decides nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.checks.redaction import redacted
from controller.domain.components.stack.changes import Change, read_change
from controller.domain.components.stack.templates import revision_of
from controller.domain.printable import printable
from controller.errors import AwsError, ConflictError, NotFoundError

REASON_LENGTH = 300
STACK = "AWS::CloudFormation::Stack"
HIDDEN = "****"
"""CloudFormation returns this instead of the value of a secret parameter."""
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Present:
    """The present state of a stack; `read` are the values of its parameters that CloudFormation has read from SSM."""

    stack_id: str
    status: str
    created_at: datetime
    template: str
    parameters: Mapping[str, str]
    capabilities: Sequence[str]
    read: Mapping[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The id of the stack's template with its parameters, and what these have read."""
        return revision_of(self.template, self.parameters, self.read)

    def keeping(self, secrets: Iterable[str], values: Mapping[str, str]) -> Mapping[str, str]:
        """The values for an update, in which the secrets that the stack already has keep their values."""
        return {**values, **{name: HIDDEN for name in secrets if self.parameters.get(name) == HIDDEN}}

    @property
    def is_empty(self) -> bool:
        """Whether the stack has no resources yet and only holds the change set that would create it."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def is_busy(self) -> bool:
        """Whether an operation on the stack is running."""
        return self.status.endswith("_IN_PROGRESS") and not self.is_empty


@dataclass(frozen=True)
class ChangeSet:
    """A change set with all of its changes."""

    status: str
    execution: str
    reason: str
    changes: Sequence[Change]

    @property
    def is_pending(self) -> bool:
        """Whether the change set is still being made, or is being executed."""
        making = self.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        return making or self.execution == "EXECUTE_IN_PROGRESS"

    @property
    def is_unchanged(self) -> bool:
        """Whether the change set would change nothing."""
        return self.status == "FAILED" and any(text in self.reason for text in NO_CHANGES)


class StackCalls:
    """The calls to CloudFormation about one stack."""

    def __init__(self, clients: Clients, name: str) -> None:
        """`name` is the stack's name."""
        self._clients, self.name = clients, name

    def present(self) -> Present | None:
        """The stack's present state, or None if there is no such stack; one call or two."""
        try:
            with calling("cloudformation:DescribeStacks", self.name), _missing_is_not_found(self.name):
                (stack,) = self._clients.stacks.describe_stacks(StackName=self.name)["Stacks"]
        except NotFoundError:
            return None
        status = stack["StackStatus"]
        return Present(
            stack_id=stack.get("StackId", ""),
            status=status,
            created_at=stack["CreationTime"],
            template="" if status == "REVIEW_IN_PROGRESS" else self._template(),
            parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])},
            capabilities=list(stack.get("Capabilities", [])),
            read={one["ParameterKey"]: one["ResolvedValue"] for one in stack.get("Parameters", []) if _is_read(one)},
        )

    def change_set(self, name: str) -> ChangeSet | None:
        """A change set with the changes of all pages, or None if there is no such change set."""
        changes: list[Change] = []
        following: dict[str, Any] = {}
        while True:
            try:
                with (
                    calling("cloudformation:DescribeChangeSet", f"{self.name}/{name}"),
                    _missing_is_not_found(self.name),
                ):
                    page = self._clients.stacks.describe_change_set(
                        StackName=self.name, ChangeSetName=name, **following
                    )
            except NotFoundError:
                return None
            changes += [read_change(one["ResourceChange"]) for one in page["Changes"] if "ResourceChange" in one]
            if not page.get("NextToken"):
                return ChangeSet(page["Status"], page.get("ExecutionStatus", ""), page.get("StatusReason", ""), changes)
            following = {"NextToken": page["NextToken"]}

    def make_change_set(self, name: str, *, create: bool, role: str, **request: Any) -> None:  # noqa: ANN401 - AWS's
        """Request a change set; `request` has the template, parameters and capabilities.

        When the change set exists already, or an operation has begun in the meantime, the next read of the stack shows
        it.
        """
        where = f"{self.name}/{name}"
        with _busy_is_ignored(), calling("cloudformation:CreateChangeSet", where), suppress(self._there_already):
            self._clients.stacks.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="CREATE" if create else "UPDATE",
                RoleARN=role,
                **request,
            )

    def execute(self, name: str, token: str) -> None:
        """Execute a change set, under a token that all its events will have.

        When AWS refuses because it has been or cannot be executed any more, the next read of the stack shows that.
        """
        with (
            _busy_is_ignored(),
            suppress(ConflictError, NotFoundError),
            calling("cloudformation:ExecuteChangeSet", f"{self.name}/{name}"),
        ):
            self._clients.stacks.execute_change_set(StackName=self.name, ChangeSetName=name, ClientRequestToken=token)

    def delete_change_set(self, name: str) -> None:
        """Delete a change set; harmless when there is none, or when it is being executed."""
        where = f"{self.name}/{name}"
        with (
            suppress(NotFoundError, ConflictError),
            calling("cloudformation:DeleteChangeSet", where),
            _missing_is_not_found(self.name),
        ):
            self._clients.stacks.delete_change_set(StackName=self.name, ChangeSetName=name)

    def cancel(self, token: str) -> None:
        """Let AWS roll back the running update; if it has just ended, the next read of the stack shows that."""
        with _busy_is_ignored("current stack status"), calling("cloudformation:CancelUpdateStack", self.name):
            self._clients.stacks.cancel_update_stack(StackName=self.name, ClientRequestToken=token)

    def delete(self, token: str, role: str) -> None:
        """Delete the stack."""
        with calling("cloudformation:DeleteStack", self.name):
            self._clients.stacks.delete_stack(StackName=self.name, ClientRequestToken=token, RoleARN=role)

    def resources(self) -> Mapping[str, str]:
        """Logical id → type of the resources that exist."""
        pages = self._clients.stacks.get_paginator("list_stack_resources").paginate(StackName=self.name)
        with calling("cloudformation:ListStackResources", self.name):
            found = [one for page in pages for one in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one["ResourceType"] for one in found if _exists(one["ResourceStatus"])}

    def last_token(self, stack_id: str) -> str:
        """The token of the stack's newest operation; "" when that has none."""
        events = self._events(stack_id)
        return next((str(one.get("ClientRequestToken", "")) for one in events if _is_of(one, stack_id)), "")

    def first_failure(self, stack_id: str, token: str) -> str:
        """The first failure of the newest operation, if it has this token: the resource and AWS's reason."""
        failed = ""
        for event in self._events(stack_id):
            if event.get("ClientRequestToken") != token:
                break
            reason = str(event.get("ResourceStatusReason", ""))
            if str(event.get("ResourceStatus", "")).endswith("_FAILED") and "cancelled" not in reason:
                what = f"{event.get('LogicalResourceId')} ({event.get('ResourceType')})"
                failed = f"{what}: {_shown(reason) or 'no reason given'}"
        return failed or "AWS gives no reason"

    def _template(self) -> str:
        with calling("cloudformation:GetTemplate", self.name):
            body = self._clients.stacks.get_template(StackName=self.name, TemplateStage="Original")["TemplateBody"]
        return str(body)

    def _events(self, stack_id: str) -> Iterator[Mapping[str, Any]]:
        """The stack's events, newest first."""
        pages = self._clients.stacks.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        with calling("cloudformation:DescribeStackEvents", self.name):
            for page in pages:
                yield from page["StackEvents"]

    @property
    def _there_already(self) -> type[ClientError]:
        return self._clients.stacks.exceptions.AlreadyExistsException


def _shown(reason: str) -> str:
    """The beginning of a reason without secrets: for a custom resource, it is what the application's code says."""
    return printable(redacted(reason[: 4 * REASON_LENGTH])[:REASON_LENGTH])


@contextmanager
def _missing_is_not_found(name: str) -> Iterator[None]:
    """Raise `NotFoundError` for a missing stack, known by its text: its code is that of any invalid request."""
    try:
        yield
    except ClientError as error:
        if "does not exist" in error.response.get("Error", {}).get("Message", ""):
            raise NotFoundError(f"There is no stack {name}, or it has no such change set.") from error
        raise


@contextmanager
def _busy_is_ignored(text: str = "_IN_PROGRESS") -> Iterator[None]:
    """Ignore a refusal because of the stack's present state: the next read of the stack shows that state."""
    try:
        yield
    except AwsError as error:
        if error.code != "ValidationError" or text not in str(error):
            raise


def _is_read(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter.get("ResolvedValue"))


def _is_of(event: Mapping[str, Any], stack_id: str) -> bool:
    return event.get("ResourceType") == STACK and event.get("PhysicalResourceId") == stack_id


def _exists(status: str) -> bool:
    return status != "DELETE_COMPLETE"
