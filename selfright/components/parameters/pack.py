"""Puts a file of parameters into a bundle, and refuses values that should be secrets instead."""

from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.parameters.values import parse_parameters
from selfright.packing.packing import Packed, Packing
from selfright.packing.secrets import refuse_secret_values


def pack_parameters(packing: Packing, artifact: ParametersArtifact) -> Packed:
    """Add the file; raises `InvalidBundleError` if it is no file of parameters, or if a value looks like a secret."""
    text = packing.file("Name a YAML file of names and values.")
    values = parse_parameters(text, packing.place.name).values
    refuse_secret_values(values, str(packing.place), packing.allowed)
    return packing.add(artifact.artifact, text)
