"""Examines a CloudFormation stack: whether it can be updated, and the role with which that is done."""

from collections.abc import Iterator

from controller.aws.components.stack.component import StackComponent
from controller.domain.components.stack.target import StackTarget
from selfright.components.examined import Examination, Examining, Finding, ok


class StackExaminer:
    """Looks at the stack through the controller's own adapter, which says why it cannot be updated."""

    def __init__(self, examining: Examining, target: StackTarget) -> None:
        self._component = StackComponent(target, examining.name, "", examining.clients)
        self._examining, self._target = examining, target

    def examinations(self) -> list[Examination]:
        """The stack, and its role."""
        return [
            Examination(f"the stack {self._target.stack_name}", self._stack),
            Examination(f"the role of the stack {self._target.stack_name}", self._role),
        ]

    def _stack(self) -> Iterator[Finding]:
        exists = bool(self._component.current().id)
        yield ok("it can be updated" if exists else "it does not exist: the first release creates it")

    def _role(self) -> Iterator[Finding]:
        yield from self._examining.role(self._target.role_arn)
