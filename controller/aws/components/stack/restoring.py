"""The way back of a stack: the former template and parameters, by a change set of its own.

What a release has added and what holds data (a table, a bucket) is not deleted on the way back, because nobody can know
whether something that matters is in it by now: then what was changed is put back, and what was added stays, which is
said. A stack that the release created is deleted if nothing in it holds data, and otherwise stays as it is.
"""

from controller.aws.components.stack.cloudformation import Present, StackCalls
from controller.aws.components.stack.former import Former, StackStore
from controller.domain.components.stack.changes import Allowed, Change, advice, dangers, describe
from controller.domain.components.stack.target import StackTarget
from controller.domain.components.stack.templates import added, keeping, read_template
from controller.domain.deployment import Deployment, Left, Pending
from controller.errors import AwsError, ChangedByOthersError

FAILED = ("ROLLBACK_COMPLETE", "FAILED")
"""How the status ends of an operation that did not do what it should."""


class StackRestoring:
    """One deployment's way back, one step a call."""

    def __init__(
        self, calls: StackCalls, store: StackStore, target: StackTarget, mark: str, deployment: Deployment
    ) -> None:
        self._calls, self._store, self._target = calls, store, target
        self._mark, self._deployment = mark, deployment
        self._token = f"{mark}-back-{deployment.rollback_attempts}"
        self._allowed = Allowed(target.allow_replacement, target.allow_deletion)

    def step(self, stable: str, canary: str) -> Pending | Left | None:
        """One look at the stack and the next step; None when it is as it was.

        Raises `ChangedByOthersError` when somebody else changed it, `AwsError` with the next step for a person when it
        cannot be put back.
        """
        self._calls.delete_change_set(f"{self._mark}-stage")  # One that comes too late must find nothing to carry out.
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
                return self._pending("the release's change set is about to be carried out")
            self._require_sound(present)
            return None
        if not ours and (not canary or present.revision != canary):
            reason = f"the stack {self._calls.name} is neither as before this release nor as the release made it"
            raise ChangedByOthersError(f"{reason}: somebody else changed it, so it was left as it is")
        if last == self._token and present.status.endswith(FAILED):
            failed = self._calls.first_failure(present.stack_id, self._token)
            raise AwsError(f"the stack {self._calls.name} could not be put back ({present.status}): {failed}")
        return self._back(present, stable, done=last == self._token) if stable else self._undo_creation(present)

    def _require_absence(self, stable: str, present: Present | None) -> None:
        if stable:
            raise ChangedByOthersError(f"the stack {self._calls.name} was deleted by somebody else")
        if present and present.created_at >= self._deployment.created_at:
            self._calls.delete(self._token, self._target.role_arn)  # Empty, and made by this deployment's change set.

    def _busy(self, present: Present, *, ours: bool) -> Pending:
        if not ours:
            raise ChangedByOthersError(f"somebody else is changing the stack {self._calls.name} ({present.status})")
        if present.status == "UPDATE_IN_PROGRESS" and self._goes_forward(present):
            self._calls.cancel(self._token)
        return self._pending(present.status)

    def _is_about_to_begin(self) -> bool:
        """Whether the stack is as before only because CloudFormation has not begun yet with what it was told to do."""
        change_set = self._calls.change_set(f"{self._mark}-stage")
        return change_set is not None and change_set.is_pending

    def _goes_forward(self, present: Present) -> bool:
        return self._calls.last_token(present.stack_id) == f"{self._mark}-stage"

    def _require_sound(self, present: Present) -> None:
        if present.status == "UPDATE_ROLLBACK_FAILED":
            command = f"`aws cloudformation continue-update-rollback --stack-name {self._calls.name}`"
            raise AwsError(f"the stack {self._calls.name} is UPDATE_ROLLBACK_FAILED: run {command}")

    def _back(self, present: Present, stable: str, *, done: bool) -> Pending | Left | None:
        self._require_sound(present)
        former = self._store.load(stable)
        before, now = read_template(former.template, "the former template"), read_template(present.template, "it")
        new = added(before, now)
        if done:
            return self._left(new) if new else None
        known = self._store_request(former, present)
        feared = self._try(f"{self._token}-all", known)
        if feared is None:
            return self._pending("it is being put back")
        if not feared:
            return Left(f"The stack {self._calls.name} differs from before only in what it says, not in what it makes.")
        if any(one.logical_id not in new for one in feared):
            raise AwsError(self._refused(feared))
        merged = keeping(before, now)
        values = {**present.parameters, **former.parameters}
        declared = merged.content.get("Parameters") or {}
        kept = Former(merged.text, {name: values[name] for name in values if name in declared}, known.capabilities)
        feared = self._try(f"{self._token}-kept", kept)
        if feared is None:
            return self._pending("it is being put back, but for what was added")
        if feared:
            raise AwsError(self._refused(feared))
        return self._left(new)

    def _store_request(self, former: Former, present: Present) -> Former:
        """With every capability that either template needed."""
        capabilities = sorted({*former.capabilities, *present.capabilities, *self._target.capabilities})
        return Former(former.template, former.parameters, capabilities)

    def _try(self, name: str, wanted: Former) -> list[Change] | None:
        """Make a change set and carry it out; None while that is under way, [] when there is nothing to change.

        When something is to be feared of it, that is returned, and the change set is taken away.
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
            raise AwsError(f"the stack {self._calls.name} cannot be put back: {change_set.reason}")
        if feared := dangers(change_set.changes, self._allowed):
            self._calls.delete_change_set(name)
            return feared
        self._calls.execute(name, self._token)
        return None

    def _undo_creation(self, present: Present) -> Pending | Left:
        removals = [Change("Remove", name, type_) for name, type_ in self._calls.resources().items()]
        if feared := dangers(removals, self._allowed):
            names = ", ".join(f"{one.logical_id} ({one.type})" for one in feared)
            return Left(f"The stack {self._calls.name}, which this release created, stays: {names} may hold data.")
        self._calls.delete(self._token, self._target.role_arn)
        return self._pending(f"it is being deleted, because this release created it ({present.status})")

    def _left(self, names: list[str]) -> Left:
        return Left(f"The stack {self._calls.name} is as before, but for what the release added: {', '.join(names)}.")

    def _refused(self, feared: list[Change]) -> str:
        what = "; ".join(describe(one) for one in feared)
        return f"the stack {self._calls.name} cannot be put back: {what}. {advice(feared)}, then roll back again"

    def _pending(self, doing: str) -> Pending:
        return Pending(f"the stack {self._calls.name}: {doing}", self._target.timeout)
