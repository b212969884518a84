"""Settings in a bundle: a YAML file of names and values."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents

if TYPE_CHECKING:
    from controller.domain.components.parameters.values import Parameters


class ParametersArtifact(Artifact):
    """Settings of the application: a YAML file of names and values."""

    kind: Literal["parameters"]
    """`parameters`: settings in SSM, from a YAML file of names and values."""

    noun: ClassVar[str] = "parameters"

    def read_parameters(self, bundle: Contents) -> "Parameters":
        """The names and values; raises `InvalidBundleError`."""
        from controller.domain.components.parameters.values import parse_parameters  # noqa: PLC0415 - imports YAML
        from controller.domain.reading.costly import read_within_limits  # noqa: PLC0415
        from controller.domain.reading.strict_yaml import MAX_BYTES  # noqa: PLC0415

        def parsed() -> "Parameters":
            text = bundle.read(self.artifact, at_most=MAX_BYTES)
            return read_within_limits(lambda: parse_parameters(text, self.artifact), len(text), self.artifact)

        return bundle.once(self.artifact, parsed)

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The one file, which must hold valid parameters."""
        files = super().files(bundle, where)
        self.read_parameters(bundle)
        return files
