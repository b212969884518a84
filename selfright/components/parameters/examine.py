"""Examines an application's settings in SSM: the pointer, and whether what it names is complete."""

from collections.abc import Iterator

from controller.aws.components.parameters.component import ParametersComponent
from controller.domain.components.parameters.target import ParametersTarget
from selfright.components.examined import Examination, Examining, Finding, ok, problem


class ParametersExaminer:
    """Looks at the pointer through the controller's own adapter."""

    def __init__(self, examining: Examining, target: ParametersTarget) -> None:
        self._component, self._target = ParametersComponent(target, examining.name, examining.clients), target

    def examinations(self) -> list[Examination]:
        """The pointer and its revision."""
        return [Examination(f"the settings {self._target.prefix}", self._revision)]

    def _revision(self) -> Iterator[Finding]:
        revision = self._component.current()
        if not revision.id:
            yield ok("no release has brought any yet")
        elif self._component.has(revision):
            yield ok(f"revision {revision.id}, complete")
        else:
            means = "The application reads a set in which parameters are missing or were changed by hand."
            step = "Release a bundle with these settings; `selfright restore` brings back what a restore point has."
            yield problem(f"revision {revision.id} is not complete", means, step)
