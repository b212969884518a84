"""The values of a template's parameters in an environment: checked before anything is touched, and used to stage it."""

from collections.abc import Mapping

from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.target import StackTarget
from controller.domain.components.stack.templates import Template
from controller.errors import InvalidBundleError

MACROS = "CAPABILITY_AUTO_EXPAND"


def values_for(template: Template, artifact: StackArtifact, target: StackTarget) -> Mapping[str, str]:
    """The values of all the template's parameters: the environment's, else the bundle's, else the defaults.

    Raises `InvalidBundleError` when one is missing or unknown, or when the template uses macros that are not allowed.
    """
    if template.uses_macros and MACROS not in target.capabilities:
        reason = f"{artifact.artifact} uses macros (Transform), so what it creates is not known beforehand"
        raise InvalidBundleError(reason, f"Write the result of the macros, or allow {MACROS} in the environment.")
    return template.parameters({**artifact.parameters, **target.parameters})
