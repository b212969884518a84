"""A function behind a REST API: what its environment says, and what the controller may read."""

import json

import pytest
from aws_cdk import Stack
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from bootstrap_cdk.app import new_app
from controller.domain.components.function.target import FunctionTarget
from selfright.cdk import DeclarationError, FunctionComponent, ImageComponent
from selfright.cdk.names import Group
from tests.infrastructure.every_kind import a_rest_stage

FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:shop-api"


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A stack for constructs that are not synthesized."""
    return Stack(new_app(), "Any")


@pytest.fixture(scope="module")
def function(stack: Stack) -> lambda_.IFunction:
    """An existing function."""
    return lambda_.Function.from_function_arn(stack, "Api", FUNCTION)


@pytest.fixture(scope="module")
def stage(stack: Stack) -> rest.IStage:
    """The stage `prod` of an existing REST API."""
    return a_rest_stage(stack)


def reads(statements: list[iam.PolicyStatement]) -> list[str]:
    """What may be read of API Gateway."""
    return [arn for one in statements if one.actions == ["apigateway:GET"] for arn in one.resources]


def test_the_controller_reads_what_is_declared(function: lambda_.IFunction, stage: rest.IStage) -> None:
    """The API and its stage, by their names."""
    declared = json.loads(json.dumps(FunctionComponent(function, api=stage).declaration()))
    target = FunctionTarget.model_validate(declared)
    assert (target.rest_api_id, target.rest_api_stage, target.api_id) == ("abc123", "prod", None)


def test_only_this_stage_may_be_read(stack: Stack, function: lambda_.IFunction, stage: rest.IStage) -> None:
    """Its settings and definition, for the export and for calls as by its routes; no other stage, no API keys."""
    for component in (
        FunctionComponent(function, api=stage),
        ImageComponent(function, ecr.Repository(stack, "Images"), api=stage),
    ):
        privileges = component.privileges()
        for group in Group:
            found = [arn.partition("::")[2] for arn in reads(list(privileges.get(group, [])))]
            expected = ["/restapis/abc123/stages/prod", "/restapis/abc123/stages/prod/exports/oas30"]
            assert found == (expected if group in {Group.STAGE, Group.CHECK, Group.CLOSE} else [])


def test_an_api_without_a_stage_is_refused(stack: Stack, function: lambda_.IFunction) -> None:
    """The message says what to pass."""
    api = rest.RestApi.from_rest_api_id(stack, "Whole", "abc123")
    with pytest.raises(DeclarationError, match=r"rest_api\.deployment_stage"):
        FunctionComponent(function, api=api).declaration()  # type: ignore[arg-type] # a mistake
