"""Infrastructure in an environment: a CloudFormation stack."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.target import Target
from controller.domain.durations import Between

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents


class StackTarget(Target):
    """A CloudFormation stack, which the first release creates if it does not exist.

    `role_arn` is the role with which CloudFormation makes the changes. `allow_replacement` and `allow_deletion` name
    the stateful resources (by logical id, or `*`) that a release may replace or delete. `timeout` bounds one update,
    and the restoring of it as well. `parameters` override the bundle's.
    """

    kind: Literal["stack"]
    stack_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")]
    role_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$")]
    capabilities: list[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]] = []
    parameters: dict[str, str] = {}
    allow_replacement: list[str] = []
    allow_deletion: list[str] = []
    timeout: Annotated[int, Between("1m", "10h")] = 3600

    takes_long: ClassVar[bool] = True

    @property
    def patience(self) -> timedelta:
        """The timeout of one update, or of restoring the stack."""
        return timedelta(seconds=self.timeout)

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """The environment must allow the template, and every parameter must have a value."""
        from controller.domain.components.stack.artifact import StackArtifact  # noqa: PLC0415 - only with a bundle
        from controller.domain.components.stack.parameter_values import values_for  # noqa: PLC0415

        stack = StackArtifact.of(artifact, self.kind)
        values_for(stack.read_template(bundle), stack, self)
