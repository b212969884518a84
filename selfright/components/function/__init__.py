"""The kind `function`: a Lambda function whose code is a zip; `LambdaKind` is the base of all kinds on Lambda."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.domain.components.function.target import FunctionTarget, LambdaTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Planning, Recovering, RequestMetrics
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing

ArtifactOnLambda = TypeVar("ArtifactOnLambda", bound=LambdaArtifact)
TargetOnLambda = TypeVar("TargetOnLambda", bound=LambdaTarget)


class LambdaKind(Kind[ArtifactOnLambda, TargetOnLambda]):
    """A component that runs on Lambda, whatever form its code has."""

    def lambda_calls(self, plan: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:
        """The requests that the controller's own adapter makes."""
        from selfright.components.function.calls import calls_of

        return calls_of(plan, steps, evaluations)

    def by_hand(self, target: TargetOnLambda, revision: str) -> str:
        """Move the alias."""
        return (
            f"aws lambda update-alias --function-name {target.function_name} --name {target.alias}"
            f" --function-version {revision} --routing-config {{}}"
        )

    def metrics(self, target: TargetOnLambda) -> RequestMetrics:
        """The metrics of the alias."""
        dimensions = {"FunctionName": target.function_name, "Resource": f"{target.function_name}:{target.alias}"}
        return RequestMetrics("AWS/Lambda", "Invocations", "Errors", dimensions)

    def api_recoveries(self, recovering: Recovering) -> Sequence[Recovery]:
        """The recovery of the API in front of it; none when the restore point has no API."""
        document: Mapping[str, Any] | None = recovering.document.get("api")
        if not document:
            return []
        if "rest_api_id" in document:
            from selfright.components.function.recover_rest_api import RestApiRecovery

            return [RestApiRecovery(recovering.clients, recovering.name, document)]
        from selfright.components.function.recover_api import ApiRecovery

        return [ApiRecovery(recovering.clients, recovering.name, document)]


class FunctionKind(LambdaKind[FunctionArtifact, FunctionTarget]):
    """A function whose code is packed into a zip."""

    def pack(self, packing: Packing, artifact: FunctionArtifact) -> Packed:
        """Add the code as a zip."""
        from selfright.components.function.pack import pack_function

        return pack_function(packing, artifact)

    def plan(
        self, planning: Planning, target: FunctionTarget, known: ComponentPlan, artifact: FunctionArtifact
    ) -> ComponentPlan:
        """Compare its code and configuration."""
        from selfright.components.function.plan import FunctionPlanner

        return FunctionPlanner(planning, target, artifact).plan(known)

    def examine(self, examining: Examining, target: FunctionTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.function.examine import FunctionExaminer

        return FunctionExaminer(examining, target, "Zip").examinations()

    def recoveries(self, recovering: Recovering, target: FunctionTarget) -> Sequence[Recovery]:
        """Recover its version and alias, then the API in front of it."""
        from selfright.components.function.recover import FunctionRecovery

        clients, name, document = recovering.clients, recovering.name, recovering.document
        function = FunctionRecovery(clients, recovering.bucket, name, target, recovering.entry, document)
        return [function, *self.api_recoveries(recovering)]


KIND = FunctionKind("function")
