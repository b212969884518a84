"""Puts a CloudFormation template into a bundle."""

from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.templates import parse_template
from selfright.packing.packing import Packed, Packing


def pack_stack(packing: Packing, artifact: StackArtifact) -> Packed:
    """Add the file unchanged; raises `InvalidBundleError` if it is not a template that a release may have."""
    text = packing.file("Name a CloudFormation template.")
    parse_template(text, artifact.artifact)
    return packing.add(artifact.artifact, text)
