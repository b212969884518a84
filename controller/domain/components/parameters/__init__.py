"""The kind `parameters`: settings of the application."""

from controller.domain.components.kind import Kind

KIND = Kind("parameters", __name__, "ParametersTarget", "ParametersArtifact")
