"""A set of parameters, compared with the live one. Values are compared and never shown."""

from dataclasses import replace

from controller.aws.components.parameters.store import ParameterStore
from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.parameters.target import ParametersTarget
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, compare


def plan_parameters(
    planning: Planning, target: ParametersTarget, known: ComponentPlan, artifact: ParametersArtifact
) -> ComponentPlan:
    """Compare the parameters with the live revision in `known`; one call reads ten of them."""
    parameters, live = artifact.read_parameters(planning.bundle), known.live
    if parameters.revision == live:
        return replace(known, change="unchanged")
    before, after = ParameterStore(planning.clients, target.prefix).read(live) if live else {}, parameters.values
    return replace(known, change="changed" if live else "new", items=compare(before, after))
