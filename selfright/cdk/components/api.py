"""The API in front of a Lambda function: its entry in the environment, and the permission to read it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union, cast

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from selfright.cdk.components.component import allow
from selfright.cdk.errors import DeclarationError

if TYPE_CHECKING:  # CDK's modules are slow to import, and no application has both kinds
    from aws_cdk import aws_apigateway as rest
    from aws_cdk import aws_apigatewayv2 as http

Api = Union["http.IHttpApi", "rest.IStage", None]
"""An HTTP API, or the stage of a REST API, such as `rest_api.deployment_stage`."""


def declared_api(api: Api) -> dict[str, str]:
    """The keys of the environment's document; empty without an API."""
    if api is None:
        return {}
    if stage := _rest_stage(api):
        return {"rest_api_id": stage.rest_api.rest_api_id, "rest_api_stage": stage.stage_name}
    return {"api_id": cast("http.IHttpApi", api).api_id}


def read_api(api: Api) -> Sequence[iam.PolicyStatement]:
    """The statement for recording the API in the restore point: of a REST API nothing but this stage."""
    if api is None:
        return []
    gateway = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::"
    if found := _rest_stage(api):
        stage = f"{gateway}/restapis/{found.rest_api.rest_api_id}/stages/{found.stage_name}"
        return [allow(["apigateway:GET"], [stage, f"{stage}/exports/oas30"])]
    one = f"{gateway}/apis/{cast('http.IHttpApi', api).api_id}"
    return [allow(["apigateway:GET"], [one, f"{one}/*"])]


def _rest_stage(api: Api) -> "rest.IStage | None":
    if hasattr(api, "rest_api_id"):
        reason = "api: a REST API serves each stage by itself. Pass the stage, such as `rest_api.deployment_stage`."
        raise DeclarationError(reason)
    return cast("rest.IStage", api) if hasattr(api, "rest_api") else None
