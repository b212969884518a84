"""The component `stack`: infrastructure that changes with the application, by change sets.

Staging applies the stack's template: its resources must exist before the code that needs them is tested. That takes
minutes, so each call here reads the stack, makes the next step, and returns `Pending` until the work is done. Names
tell which work is ours: every change set and every operation of a deployment carries the deployment's mark. So a call
that is made twice has one effect, and operations of others are never touched.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from controller import clock
from controller.aws.client.clients import Clients
from controller.aws.components.plain import PlainComponent
from controller.aws.components.stack.cloudformation import ChangeSet, Present, StackCalls
from controller.aws.components.stack.restoring import StackRestoring
from controller.aws.components.stack.stored_states import StackState, StackStore
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.changes import Allowed, dangers, refusal, retyped
from controller.domain.components.stack.parameter_values import values_for
from controller.domain.components.stack.target import StackTarget
from controller.domain.components.stack.templates import read_template, revision_of
from controller.domain.deployment import Left, Pending, Revision
from controller.errors import (
    AwsError,
    ChangedByOthersError,
    InvalidBundleError,
    LedgerConflictError,
    SelfrightError,
    TrippedError,
)
from controller.ports.components import Arrival, Context, Fence
from controller.seen_again import seen_again

Answer = TypeVar("Answer")
READY = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
"""The states in which a stack can be updated."""
GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
PAUSE = 1.0
FIRST_PATIENCE, PATIENCE = 15, 3
"""Seconds for which a call itself waits for quick changes: the first call, and later calls."""
MARK_LENGTH = 20


class StackComponent(PlainComponent):
    """Implements `ports.Component`. A revision is template and parameters; its id is "" when there is no stack."""

    def __init__(  # noqa: PLR0913 - the stack, the deployment, and the tools
        self,
        target: StackTarget,
        name: str,
        bucket: str,
        clients: Clients | None = None,
        *,
        context: Context | None = None,
        sleep: Callable[[float], None] = clock.sleep,
    ) -> None:
        """`name` is the component's name in the manifest; changes need the `context`."""
        clients = clients or Clients()
        self._target, self._name, self._sleep, self._given = target, name, sleep, context
        self._calls = StackCalls(clients, target.stack_name)
        self._store = StackStore(clients, bucket)
        self._allowed = Allowed(target.allow_replacement, target.allow_deletion)

    def current(self) -> Revision:
        """The stack's present revision; raises `ChangedByOthersError` when it is being changed or cannot be updated."""
        present = self._calls.present()
        if present is None or present.is_empty:
            return Revision("")
        if present.is_busy:
            raise ChangedByOthersError(f"the stack {self._calls.name} is being changed ({present.status})")
        if present.status not in READY:
            raise ChangedByOthersError(
                f"the stack {self._calls.name} cannot be updated: {_advice(present, self._calls)}"
            )
        return Revision(present.revision)

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision | Pending:
        """Apply the template, unless it changes nothing; see `ports.Component.stage`."""
        stack = StackArtifact.of(artifact, self._name)
        template = stack.read_template(bundle)
        values = values_for(template, stack, self._target)
        wanted = StackState(template.text, values, self._target.capabilities)
        return self._patiently(lambda: self._forward(wanted, template.secrets))

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:  # noqa: ARG002 - no requests
        """Check that the stack is still as staging left it."""
        live = seen_again(self.current, lambda live: live.id == revision.id, self._sleep)
        same = live.id == revision.id
        detail = "it is as staging left it" if same else "somebody else has changed it since it was staged"
        return [CheckResult(f"stack of {self._name}", same, detail)]

    def has(self, revision: Revision) -> bool:
        """Whether the template and the parameters of this revision were kept; before there was a stack: yes."""
        return not revision.id or self._store.has(revision.id)

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: Fence) -> str:  # noqa: ARG002
        """Nothing: since it was staged, the stack serves both releases."""
        return ""

    def restore(self, stable: Revision, canary: Revision | None, fence: Fence) -> Pending | Left | None:
        """Restore the former template and parameters; see `StackRestoring`."""
        fence.check()
        context = self._context
        restoring = StackRestoring(self._calls, self._store, self._target, mark_of(context), context.deployment)
        return self._patiently(lambda: restoring.step(stable.id, canary.id if canary else ""))

    def arrival(
        self,
        stable: Revision,  # noqa: ARG002 - see below
        canary: Revision,  # noqa: ARG002
        weight: int,  # noqa: ARG002
        checks: Sequence[AnyCheck],  # noqa: ARG002
    ) -> Arrival:
        """At once: no traffic is moved."""
        return Arrival()

    def discard(self, revision: Revision) -> bool:  # noqa: ARG002
        """Nothing: `restore` undoes what was made."""
        return False

    def prune(self, keep: Sequence[Revision], count: int) -> int:  # noqa: ARG002
        """Nothing: a stack has one state, and its restore points are a few kilobytes."""
        return 0

    @property
    def _context(self) -> Context:
        if self._given is None:
            raise SelfrightError(f"The stack {self._calls.name} can only be changed for a deployment.")
        return self._given

    @property
    def _stable(self) -> Revision:
        """The stack's revision when the deployment began."""
        return (self._context.deployment.restore_point or {}).get(self._name, Revision(""))

    def _patiently(self, step: Callable[[], Answer]) -> Answer:
        """Make steps until there is a result, or for a few seconds."""
        awaited = self._context.deployment.awaited.get(self._name)
        asked_before = bool(awaited and awaited.doing)
        for _ in range(int((PATIENCE if asked_before else FIRST_PATIENCE) / PAUSE)):
            answer = seen_again(step, sleep=self._sleep)  # It reads events, too, which may be older than the state.
            if not isinstance(answer, Pending):
                return answer
            self._sleep(PAUSE)
        return seen_again(step, sleep=self._sleep)

    def _forward(self, wanted: StackState, secrets: Sequence[str]) -> Revision | Pending:
        """Read the stack, and make the next step to the wanted state; `secrets` are names of its parameters."""
        token = f"{mark_of(self._context)}-stage"
        present = self._calls.present()
        exists = present is not None and not present.is_empty
        if present and exists:
            wanted = replace(wanted, parameters=present.keeping(secrets, wanted.parameters))
            ours = self._calls.last_token(present.stack_id) == token
            if done := self._outcome(present, wanted, token, ours=ours):
                return done
        elif self._stable.id:
            raise ChangedByOthersError(f"Somebody else deleted the stack {self._calls.name}.")
        change_set = self._calls.change_set(token)
        if change_set is None:
            if present and exists:
                self._require_same_types(present, wanted)
                self._store.save(present)
            request = self._store.request(wanted)
            self._calls.make_change_set(token, create=not exists, role=self._target.role_arn, **request)
            return self._pending("its change set is being made")
        if change_set.is_pending:
            return self._pending("its change set is being made")
        return self._apply(change_set, token)

    def _require_same_types(self, present: Present, wanted: StackState) -> None:
        before, after = (read_template(one.template, "the template").resources for one in (present, wanted))
        if reason := retyped(self._calls.name, before, after):
            raise InvalidBundleError(reason)

    def _outcome(self, present: Present, wanted: StackState, token: str, *, ours: bool) -> Revision | Pending | None:
        """The result for an existing stack: done, pending, failed, changed by others; None if it may be changed now."""
        if present.is_busy and ours:
            return self._pending(present.status)
        if present.is_busy:
            raise ChangedByOthersError(f"Somebody else is changing the stack {self._calls.name} ({present.status}).")
        if ours and present.status not in GOOD:
            failed = self._calls.first_failure(present.stack_id, token)
            what = f"The stack {self._calls.name} could not be changed ({present.status}): {failed}"
            raise AwsError(f"{what}. Correct the template.")
        if present.status in READY and (ours or self._is_there(present, wanted)):
            return Revision(present.revision)
        if present.revision != self._stable.id:
            reason = f"The stack {self._calls.name} is not as it was when this deployment began"
            raise ChangedByOthersError(f"{reason}: somebody else changed it, so it was left as it is.")
        if present.status not in READY:
            raise AwsError(f"The stack {self._calls.name} cannot be updated: {_advice(present, self._calls)}")
        return None

    def _is_there(self, present: Present, wanted: StackState) -> bool:
        """Whether the stack is as wanted. Where it reads values from SSM, only a change set knows: they may be new."""
        return not present.read and present.revision == revision_of(wanted.template, wanted.parameters)

    def _apply(self, change_set: ChangeSet, token: str) -> Revision | Pending:
        if change_set.is_unchanged:
            self._calls.delete_change_set(token)
            return self._stable
        if change_set.execution == "OBSOLETE":
            raise ChangedByOthersError(f"Somebody else changed the stack {self._calls.name} at the same time.")
        if change_set.status == "FAILED":
            self._calls.delete_change_set(token)
            raise InvalidBundleError(f"CloudFormation refuses the change of {self._calls.name}: {change_set.reason}")
        if harmful := dangers(change_set.changes, self._allowed):
            self._calls.delete_change_set(token)
            raise InvalidBundleError(refusal(self._calls.name, harmful))
        try:
            self._context.permit()
        except (TrippedError, LedgerConflictError):
            self._calls.delete_change_set(token)
            raise
        self._calls.execute(token, token)
        return self._pending("its change set is being executed")

    def _pending(self, doing: str) -> Pending:
        return Pending(f"the stack {self._calls.name}: {doing}", self._target.timeout)


def mark_of(context: Context) -> str:
    """The prefix of the names of everything that is done for a deployment."""
    return f"selfright-{hashlib.sha256(context.deployment.deployment_id.encode()).hexdigest()[:MARK_LENGTH]}"


def _advice(present: Present, calls: StackCalls) -> str:
    """The stack's state, and what a person has to do in it."""
    if present.status == "UPDATE_ROLLBACK_FAILED":
        return f"{present.status}. Run `aws cloudformation continue-update-rollback --stack-name {calls.name}` first"
    if present.status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        return f"{present.status}. Delete it first: `aws cloudformation delete-stack --stack-name {calls.name}`"
    return f"{present.status}. See its events in the console"
