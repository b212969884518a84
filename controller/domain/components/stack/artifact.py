"""Infrastructure in a bundle: a CloudFormation template, and values for its parameters."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents
from controller.domain.names import matching

if TYPE_CHECKING:
    from controller.domain.components.stack.templates import Template

StackParameter = Annotated[str, matching("[A-Za-z0-9]{1,255}", "1 to 255 letters and digits")]


class StackArtifact(Artifact):
    """A CloudFormation template, JSON or YAML, and values for its parameters; the environment's values win."""

    kind: Literal["stack"]
    """`stack`: infrastructure, from a CloudFormation template (JSON or YAML)."""
    parameters: Annotated[dict[StackParameter, Annotated[str, Field(max_length=4096)]], Field(max_length=200)] = {}
    """Values of the template's parameters: `{QueueName: orders}`; the environment's win."""

    noun: ClassVar[str] = "a stack"

    def read_template(self, bundle: Contents) -> "Template":
        """The template; raises `InvalidBundleError`."""
        from controller.domain.components.stack.templates import MAX_BYTES, parse_template  # noqa: PLC0415 - YAML

        def parsed() -> "Template":
            return parse_template(bundle.read(self.artifact, at_most=MAX_BYTES), self.artifact)

        return bundle.once(self.artifact, parsed)

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The one file, which must be a valid template."""
        files = super().files(bundle, where)
        self.read_template(bundle)
        return files

    def settings(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The values of the template's parameters."""
        yield "parameters", self.parameters
