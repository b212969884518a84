"""Deletes the controller's stack and creates it again, and goes on with that where another run was ended."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from controller.errors import AwsError, SelfrightError
from selfright.errors import AdviceError, advise
from selfright.proving.fact import NoFurtherError
from selfright.proving.remaking.blueprint import CONTROLLER, Blueprint, read
from selfright.proving.remaking.keeping import BlueprintKeeper, LocalCopy
from selfright.proving.scene import RunClock
from selfright.proving.stacks import AccountStack, Found, is_moving, is_whole

REST = 65.0
"""Seconds before it is created: for a minute, SQS does not give the name of a deleted queue again."""
TRIES = 3
"""So often it is created, if CloudFormation fails: names may not be free yet, or IAM not know a role yet."""
STEADY, PAUSE = 30.0, 5.0
"""Seconds for which a stack must stay whole until it counts as one that nobody deletes, and between two looks at it.

Another run may just be about to delete it, and a read after DeleteStack may not know of that yet.
"""
EXISTS = "AlreadyExistsException"


class ControllerAwayError(NoFurtherError):
    """The account is without a controller now; the next step says how to create it."""


@dataclass(frozen=True)
class Remade:
    """How long deleting and creating took, in seconds, and the outputs of the new stack."""

    deleted: float
    created: float
    tries: int
    outputs: Mapping[str, str]


class ControllerRemaker:
    """Makes the controller of this account anew."""

    def __init__(
        self,
        client: Callable[[str], Any],
        clock: RunClock,
        say: Callable[[str], None],
        held: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`client` makes boto3's clients, which repeat calls. `held` holds Ctrl-C back for a `with` block."""
        self._clock, self._say, self._held = clock, say, held
        self.keeper = BlueprintKeeper(client)
        self.stack = AccountStack(client("cloudformation"), CONTROLLER, clock, say)

    def remake(self, bucket: str, copy: LocalCopy, factor: float, check: Callable[[], None]) -> Remade:
        """Delete the stack, and create it from what CloudFormation has of it; `bucket` is the controller's own.

        Whoever stops the run meanwhile is heard when the controller is there again. `factor` scales SQS's minute.
        `check` is called at the last moment at which nothing is changed yet; what it raises is raised.
        Raises `ControllerAwayError` if it could not be created, `AdviceError` if it is there as before.
        """
        blueprint = read(self.stack)
        copy.write(blueprint, self.keeper.url(bucket))
        self._say(f"The controller's template is saved: {copy.template}")
        check()
        with self._held():
            self.keeper.keep(blueprint, bucket)
            try:
                began = self._clock.now()
                self._delete()
                deleted = self._clock.now() - began
                created, tries, outputs = self._bring_back(blueprint, bucket, factor)
            except Exception as error:
                raise self._told(error, blueprint, bucket, factor) from error
            self.keeper.forget(bucket)
        return Remade(deleted, created, tries, outputs)

    def check_finished(self) -> None:
        """Raise `AdviceError` if another run makes the controller anew, or was ended while it did."""
        if self.keeper.bucket():
            message = "The controller is being made anew by another run, or a run was ended while it did that."
            step = (
                "If no other run is under way: `selfright prove --clean` creates the controller and deletes the rest."
            )
            raise AdviceError(message, step)

    def finish(self, factor: float) -> bool:
        """Create the controller that an earlier run has deleted; False if there was nothing to finish.

        `factor` scales SQS's minute.
        Raises `ControllerAwayError` if it could not be created.
        """
        bucket = self.keeper.bucket()
        if not bucket:
            return False
        with self._held():
            if blueprint := self.keeper.read(bucket):
                self._say("A run was ended while it made the controller anew: going on with that …")
                try:
                    self._bring_back(blueprint, bucket, factor)
                except Exception as error:
                    raise self._told(error, blueprint, bucket, factor) from error
            self.keeper.forget(bucket)
        return True

    def _bring_back(self, blueprint: Blueprint, bucket: str, factor: float) -> tuple[float, int, Mapping[str, str]]:
        """Create the stack, however it was left; returns the seconds of the last try, the tries, and its outputs."""
        tries, seconds, found = 0, 0.0, self._steady(self._settled, factor)
        while not is_whole(found):
            if found:
                self._delete()
            else:
                tries += 1
                self._clock.sleep(REST * factor)
                began = self._clock.now()
                if trouble := self._create(blueprint, bucket):
                    if tries == TRIES:
                        raise AdviceError(f"The stack {CONTROLLER} could not be created. {trouble}")
                    self._say(f"  That failed: {trouble} It is tried again.")
                seconds = self._clock.now() - began
            found = self._settled()
        self._protect(blueprint, found)
        outputs = {one["OutputKey"]: one["OutputValue"] for one in (found or {}).get("Outputs", [])}
        return seconds, tries, outputs

    def _settled(self) -> Found:
        return self.stack.wait(lambda found: not is_moving(found))

    def _steady(self, look: Callable[[], Found], factor: float) -> Found:
        """The stack; if it is whole, only after it has stayed so for some seconds."""
        until = self._clock.now() + STEADY * factor
        while is_whole(found := look()) and self._clock.now() < until:
            self._clock.sleep(PAUSE * factor)
        return found

    def _delete(self) -> None:
        """Delete the stack, or what is left of it; raises `AdviceError` if it stays."""
        self._say(f"Deleting the stack {CONTROLLER} …")
        with calling("cloudformation:UpdateTerminationProtection", CONTROLLER):
            self.stack.calls.update_termination_protection(StackName=CONTROLLER, EnableTerminationProtection=False)
        with calling("cloudformation:DeleteStack", CONTROLLER):
            self.stack.calls.delete_stack(StackName=CONTROLLER)
        if self.stack.wait(lambda found: found is None or found["StackStatus"] == "DELETE_FAILED"):
            message = f"The stack {CONTROLLER} could not be deleted, and may be half gone. {self.stack.trouble()}"
            raise AdviceError(message)

    def _create(self, blueprint: Blueprint, bucket: str) -> str:
        """Create the stack and wait for it; returns what failed, "" if nothing did.

        If another run was faster, its stack is waited for.
        """
        self._say(f"Creating the stack {CONTROLLER} …")
        self.keeper.keep_on(blueprint, bucket)
        try:
            with calling("cloudformation:CreateStack", CONTROLLER):
                self.stack.calls.create_stack(
                    **blueprint.arguments,
                    TemplateURL=self.keeper.url(bucket),
                    RetainExceptOnCreate=True,  # a ledger and a bucket that failed to become one are not kept
                )
        except AwsError as error:
            if error.code != EXISTS:
                raise
            ended = self._settled()
        else:
            ended = self.stack.wait(lambda found: found is not None and not is_moving(found))
        return "" if is_whole(ended) else self.stack.trouble()

    def _protect(self, blueprint: Blueprint, found: Found) -> None:
        """Protect the stack again, if a run was ended between taking that away and deleting it."""
        if blueprint.is_protected and found and not found.get("EnableTerminationProtection"):
            with calling("cloudformation:UpdateTerminationProtection", CONTROLLER):
                self.stack.calls.update_termination_protection(StackName=CONTROLLER, EnableTerminationProtection=True)

    def _told(self, error: Exception, blueprint: Blueprint, bucket: str, factor: float) -> AdviceError:
        """What to raise: if the controller is there and whole, nothing is left of the attempt, and that is said."""
        found: Found = None
        with suppress(SelfrightError):  # what cannot be seen counts as away
            found = self._steady(self.stack.find, factor)
        if not is_whole(found):
            return self._away(error, bucket)
        advice = advise(error)
        message = f"The controller could not be made anew, but it is there, and whole. {advice}"
        try:
            self._protect(blueprint, found)
            self.keeper.forget(bucket)
        except SelfrightError as left:
            step = "Correct that, then run `selfright prove --clean`: it protects the stack again, and tidies up."
            return AdviceError(f"{message} Its stack may not be protected from deletion any more: {left}", step)
        return AdviceError(message, advice.next_step or "Correct that, then run it again.")

    def _away(self, error: Exception, bucket: str) -> ControllerAwayError:
        step = "Correct that, then run `selfright prove --clean`: it creates the controller again. Or by hand: "
        message = f"The controller was deleted to be made anew, and is not there, or not wholly. {advise(error)}"
        step += self.keeper.command(bucket)
        self._say(f"{message}\n{step}")  # now already: deleting the sandbox comes first, and may fail, too
        return ControllerAwayError(message, step)
