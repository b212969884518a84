"""A set of parameters, compared with the live one. Values are compared and never told."""

from dataclasses import replace
from typing import BinaryIO

from controller.domain.bundle.artifacts import ParametersArtifact

from controller.aws.client.clients import Clients
from controller.aws.components.parameters.store import ParameterStore
from controller.domain.bundle.archive import BundleArchive
from controller.domain.environment import ParametersTarget
from selfright.planning.model import ComponentPlan, compare


def plan_parameters(
    clients: Clients, target: ParametersTarget, known: ComponentPlan, artifact: ParametersArtifact, bundle: BinaryIO
) -> ComponentPlan:
    """What would become of parameters of which the live revision is `known`; one call for ten of them."""
    parameters, live = BundleArchive(bundle).parameters(artifact), known.live
    if parameters.revision == live:
        return replace(known, change="unchanged")
    before, after = ParameterStore(clients, target.prefix).read(live) if live else {}, parameters.values
    return replace(known, change="changed" if live else "new", items=compare(before, after))
