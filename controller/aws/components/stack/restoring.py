"""Restores a stack to its former template and parameters, by a change set of its own.

A resource that the release added and that holds data (a table, a bucket) is not deleted by a rollback, because its data
may matter by now. Then the changed resources are restored, the added ones stay, and the result says so. A stack that
the release created is deleted if no resource in it holds data; otherwise it stays as it is.
"""

from controller.aws.components.stack.cloudformation import Present, StackCalls
from controller.aws.components.stack.stored_states import StackState, StackStore
from controller.domain.components.stack.changes import Allowed, Change, advice, dangers, describe
from controller.domain.components.stack.target import StackTarget
from controller.domain.components.stack.templates import Template, added, keeping, read_template
from controller.domain.deployment import Deployment, Left, Pending
from controller.errors import AwsError, ChangedByOthersError

FAILED = ("ROLLBACK_COMPLETE", "FAILED")
"""The ends of the statuses of operations that failed."""


class StackRestoring:
    """Restores a stack for one deployment, one step in each call."""

    def __init__(
        self, calls: StackCalls, store: StackStore, target: StackTarget, mark: str, deployment: Deployment
    ) -> None:
        self._calls, self._store, self._target = calls, store, target
        self._mark, self._deployment = mark, deployment
        self._token = f"{mark}-back-{deployment.rollback_attempts}"
        self._allowed = Allowed(target.allow_replacement, target.allow_deletion)

    def step(self, stable: str, canary: str) -> Pending | Left | None:
        """Read the stack and make the next step; None when the stack is restored.

        Raises `ChangedByOthersError` when somebody else changed the stack, and `AwsError` with the next step for a
        person when it cannot be restored.
        """
        self._calls.delete_change_set(f"{self._mark}-stage")  # A late execution must find no change set.
        present = self._calls.present()
        if present is None or present.is_empty:
            self._require_absence(stable, present)
            return None
        last = self._calls.last_token(present.stack_id)
        ours = last.startswith(self._mark)
        if present.is_busy:
            return self._busy(present, ours=ours)
        if stable and present.revision == stable:
            if not ours and self._is_about_to_begin():
                return self._pending("the release's change set is about to be executed")
            self._require_sound(present)
            return None
        if not ours and (not canary or present.revision != canary):
            reason = f"the stack {self._calls.name} is neither as before this release nor as the release made it"
            raise ChangedByOthersError(f"{reason}: somebody else changed it, so it was left as it is")
        if last == self._token and present.status.endswith(FAILED):
            failed = self._calls.first_failure(present.stack_id, self._token)
            raise AwsError(f"the stack {self._calls.name} could not be restored ({present.status}): {failed}")
        return self._restore(present, stable, done=last == self._token) if stable else self._delete_created(present)

    def _require_absence(self, stable: str, present: Present | None) -> None:
        if stable:
            raise ChangedByOthersError(f"the stack {self._calls.name} was deleted by somebody else")
        if present and present.created_at >= self._deployment.created_at:
            self._calls.delete(
                self._token, self._target.role_arn
            )  # It is empty, and this deployment's change set made it.

    def _busy(self, present: Present, *, ours: bool) -> Pending:
        if not ours:
            raise ChangedByOthersError(f"somebody else is changing the stack {self._calls.name} ({present.status})")
        if present.status == "UPDATE_IN_PROGRESS" and self._is_release_update(present):
            self._calls.cancel(self._token)
        return self._pending(present.status)

    def _is_about_to_begin(self) -> bool:
        """Whether the stack is as before only because CloudFormation has not begun yet to execute the change set."""
        change_set = self._calls.change_set(f"{self._mark}-stage")
        return change_set is not None and change_set.is_pending

    def _is_release_update(self, present: Present) -> bool:
        return self._calls.last_token(present.stack_id) == f"{self._mark}-stage"

    def _require_sound(self, present: Present) -> None:
        if present.status == "UPDATE_ROLLBACK_FAILED":
            command = f"`aws cloudformation continue-update-rollback --stack-name {self._calls.name}`"
            raise AwsError(f"the stack {self._calls.name} is UPDATE_ROLLBACK_FAILED: run {command}")

    def _restore(self, present: Present, stable: str, *, done: bool) -> Pending | Left | None:
        self._require_sound(present)
        former = self._store.load(stable)
        before, now = read_template(former.template, "the former template"), read_template(present.template, "it")
        new = added(before, now)
        if done:
            return self._left(new) if new else self._read_anew(before)
        known = self._with_capabilities(former, present)
        harmful = self._try(f"{self._token}-all", known)
        if harmful is None:
            return self._pending("it is being restored")
        if not harmful and before.from_ssm:
            return self._read_anew(before)
        if not harmful:
            return Left(f"The stack {self._calls.name} differs from before only in its text, not in its resources.")
        if any(one.logical_id not in new for one in harmful):
            raise AwsError(self._refused(harmful))
        merged = keeping(before, now)
        values = {**present.parameters, **former.parameters}
        declared = merged.content.get("Parameters") or {}
        kept = StackState(merged.text, {name: values[name] for name in values if name in declared}, known.capabilities)
        harmful = self._try(f"{self._token}-kept", kept)
        if harmful is None:
            return self._pending("it is being restored, except for what was added")
        if harmful:
            raise AwsError(self._refused(harmful))
        return self._left(new)

    def _with_capabilities(self, former: StackState, present: Present) -> StackState:
        """The former state with every capability that either template needs."""
        capabilities = sorted({*former.capabilities, *present.capabilities, *self._target.capabilities})
        return StackState(former.template, former.parameters, capabilities)

    def _try(self, name: str, wanted: StackState) -> list[Change] | None:
        """Make a change set and execute it; None while that is running, [] when there is nothing to change.

        When some of its changes could destroy data, these are returned, and the change set is deleted.
        """
        change_set = self._calls.change_set(name)
        if change_set is None:
            request = self._store.request(wanted)
            self._calls.make_change_set(name, create=False, role=self._target.role_arn, **request)
            change_set = self._calls.change_set(name)
        if change_set is None or change_set.is_pending:
            return None
        if change_set.is_unchanged:
            self._calls.delete_change_set(name)
            return []
        if change_set.status == "FAILED" or change_set.execution == "OBSOLETE":
            self._calls.delete_change_set(name)
            raise AwsError(f"the stack {self._calls.name} cannot be restored: {change_set.reason}")
        if harmful := dangers(change_set.changes, self._allowed):
            self._calls.delete_change_set(name)
            return harmful
        self._calls.execute(name, self._token)
        return None

    def _delete_created(self, present: Present) -> Pending | Left:
        removals = [Change("Remove", name, type_) for name, type_ in self._calls.resources().items()]
        if harmful := dangers(removals, self._allowed):
            names = ", ".join(f"{one.logical_id} ({one.type})" for one in harmful)
            return Left(f"The stack {self._calls.name}, which this release created, stays: {names} may hold data.")
        self._calls.delete(self._token, self._target.role_arn)
        return self._pending(f"it is being deleted, because this release created it ({present.status})")

    def _left(self, names: list[str]) -> Left:
        return Left(
            f"The stack {self._calls.name} is as before, except for what the release added: {', '.join(names)}."
        )

    def _read_anew(self, before: Template) -> Left | None:
        """What a restored stack has otherwise than before, though its template and parameters are those of before."""
        if not before.from_ssm:
            return None
        names = ", ".join(before.from_ssm)
        return Left(
            f"The stack {self._calls.name} has its former template; {names}: CloudFormation reads the value from SSM,"
            " as it is now."
        )

    def _refused(self, harmful: list[Change]) -> str:
        what = "; ".join(describe(one) for one in harmful)
        return f"the stack {self._calls.name} cannot be restored: {what}. {advice(harmful)}, then roll back again"

    def _pending(self, doing: str) -> Pending:
        return Pending(f"the stack {self._calls.name}: {doing}", self._target.timeout)
