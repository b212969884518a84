"""A state machine in a bundle: its definition in the Amazon States Language, and values for the names in it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents
from controller.domain.names import matching

if TYPE_CHECKING:
    from controller.domain.components.state_machine.definition import Definition

SubstitutedName = Annotated[str, matching("[A-Za-z0-9_]{1,128}", "1 to 128 letters, digits and '_'")]
SubstitutedValue = Annotated[str, Field(max_length=4096)]
Substitutions = Annotated[dict[SubstitutedName, SubstitutedValue], Field(max_length=200)]


class StateMachineArtifact(Artifact):
    """A definition, JSON or YAML, and what replaces the names (`${Table}`) in it; the environment's values win."""

    kind: Literal["state_machine"]
    """`state_machine`: a workflow of Step Functions, from its definition (JSON or YAML)."""
    definition_substitutions: Substitutions = {}
    """What names in the definition, such as `${Table}`, stand for: `{Table: orders}`; the environment's win."""

    noun: ClassVar[str] = "a state machine"

    def read_definition(self, bundle: Contents) -> "Definition":
        """The definition; raises `InvalidBundleError`."""
        from controller.domain.components.state_machine.definition import (  # noqa: PLC0415 - YAML
            MAX_BYTES,
            parse_definition,
        )
        from controller.domain.reading.costly import read_within_limits  # noqa: PLC0415

        def parsed() -> "Definition":
            text = bundle.read(self.artifact, at_most=MAX_BYTES)
            return read_within_limits(lambda: parse_definition(text, self.artifact), len(text), self.artifact)

        return bundle.once(self.artifact, parsed)

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The one file, which must be a definition."""
        files = super().files(bundle, where)
        self.read_definition(bundle)
        return files

    def settings(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The values for the definition's names."""
        yield "definition_substitutions", self.definition_substitutions
