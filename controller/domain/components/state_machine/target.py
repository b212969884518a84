"""A state machine in an environment."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.state_machine.artifact import StateMachineArtifact, Substitutions
from controller.domain.components.target import Target

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents

ARRIVES_WITHIN = timedelta(minutes=1)
"""Step Functions says that executions which start within some seconds of a change may still follow the former one."""


class StateMachineTarget(Target):
    """A state machine that is started by its alias; each execution ends on the version with which it began.

    Visitors are its executions. `definition_substitutions` override the bundle's. Step Functions has no conditional
    changes of an alias.
    """

    kind: Literal["state_machine"]
    state_machine_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]{1,80}$")]
    alias: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*$", max_length=80)] = "live"
    definition_substitutions: Substitutions = {}
    log_group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./#-]{1,512}$")] | None = None

    divides_visitors: ClassVar[bool] = True
    measured_by_version: ClassVar[bool] = True
    conditional_writes: ClassVar[bool] = False
    staged_in_place: ClassVar[bool] = True

    @property
    def arrival_patience(self) -> timedelta:
        """The timeout of a change of the alias."""
        return ARRIVES_WITHIN

    @property
    def log_groups(self) -> tuple[str, ...]:
        """The log group that the environment names: a state machine has none unless it is told to log."""
        return (self.log_group,) if self.log_group else ()

    @property
    def entrance(self) -> str:
        """Its alias: an execution that is started otherwise follows what was staged."""
        return f"the alias {self.alias}"

    def written(self, artifact: "Artifact", name: str, bundle: "Contents") -> str:
        """The definition of a release in this environment, as JSON; raises `InvalidBundleError`."""
        own = StateMachineArtifact.of(artifact, name)
        values = {**own.definition_substitutions, **self.definition_substitutions}
        return own.read_definition(bundle).written(values)

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """Every name in the definition must have a value."""
        self.written(artifact, self.kind, bundle)
