"""The kind `function`: a Lambda function from a zip; and what it shares with every kind that runs on Lambda."""
# ruff: noqa: PLC0415 - what it does is imported when it is done

from collections.abc import Sequence
from typing import TypeVar

from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.domain.components.function.target import FunctionTarget, LambdaTarget
from selfright.components.kind import Kind, Planning, Recovering, RequestMetrics
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing

ArtifactOnLambda = TypeVar("ArtifactOnLambda", bound=LambdaArtifact)
TargetOnLambda = TypeVar("TargetOnLambda", bound=LambdaTarget)


class LambdaKind(Kind[ArtifactOnLambda, TargetOnLambda]):
    """What runs on Lambda, whatever its code comes in."""

    def lambda_calls(self, plan: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:
        """As the controller's own adapter makes them."""
        from selfright.components.function.calls import calls_of

        return calls_of(plan, steps, evaluations)

    def metrics(self, target: TargetOnLambda) -> RequestMetrics:
        """Those of the alias."""
        dimensions = {"FunctionName": target.function_name, "Resource": f"{target.function_name}:{target.alias}"}
        return RequestMetrics("AWS/Lambda", "Invocations", "Errors", dimensions)


class FunctionKind(LambdaKind[FunctionArtifact, FunctionTarget]):
    """A function whose code is packed into a zip."""

    def pack(self, packing: Packing, artifact: FunctionArtifact) -> Packed:
        """The code as a zip."""
        from selfright.components.function.pack import pack_function

        return pack_function(packing, artifact)

    def plan(
        self, planning: Planning, target: FunctionTarget, known: ComponentPlan, artifact: FunctionArtifact
    ) -> ComponentPlan:
        """Its code and configuration."""
        from selfright.components.function.plan import FunctionPlanner

        return FunctionPlanner(planning, target, artifact).plan(known)

    def recoveries(self, recovering: Recovering, target: FunctionTarget) -> Sequence[Recovery]:
        """Its version and alias, then the HTTP API in front of it."""
        from selfright.components.function.recover import FunctionRecovery
        from selfright.components.function.recover_api import ApiRecovery

        clients, name, document = recovering.clients, recovering.name, recovering.document
        function = FunctionRecovery(clients, recovering.bucket, name, target, recovering.entry, document)
        return [function, *([ApiRecovery(clients, name, document["api"])] if document.get("api") else [])]


KIND = FunctionKind("function")
