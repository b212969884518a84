"""Moved: see `controller.domain.components`."""

from controller.domain.components.artifact import MANIFEST_NAME, Artifact
from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.stack.artifact import StackArtifact

__all__ = [
    "MANIFEST_NAME",
    "Artifact",
    "FunctionArtifact",
    "ImageArtifact",
    "LambdaArtifact",
    "ParametersArtifact",
    "SiteArtifact",
    "StackArtifact",
]
