"""One component of every kind, with everything that a kind can have: for tests of what all of them are allowed."""

from aws_cdk import Stack
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_stepfunctions as stepfunctions

from selfright.cdk import (
    PLACEHOLDER_CODE,
    PLACEHOLDER_HANDLER,
    PLACEHOLDER_ROUTING,
    DatabaseComponent,
    FunctionComponent,
    ImageComponent,
    ParametersComponent,
    SiteComponent,
    StackComponent,
    StateMachineComponent,
)
from selfright.cdk.components.component import Component


def a_function(stack: Stack, name: str, key: kms.IKey | None = None) -> lambda_.Function:
    """A function; with a key, its variables are encrypted with that."""
    return lambda_.Function(
        stack,
        name,
        code=lambda_.Code.from_inline(PLACEHOLDER_CODE),
        handler=PLACEHOLDER_HANDLER,
        runtime=lambda_.Runtime.PYTHON_3_13,
        environment_encryption=key,
    )


def a_rest_stage(stack: Stack) -> rest.IStage:
    """The stage of a REST API that is not made here."""
    api = rest.RestApi.from_rest_api_id(stack, "Rest", "abc123")
    return rest.Stage.from_stage_attributes(stack, "Prod", rest_api=api, stage_name="prod")


def a_state_machine(stack: Stack) -> stepfunctions.StateMachine:
    """A state machine with a role of its own."""
    body = stepfunctions.DefinitionBody.from_string('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    return stepfunctions.StateMachine(stack, "OrderFlow", definition_body=body)


def every_kind(stack: Stack) -> dict[str, Component]:
    """A component of each kind, by its name."""
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Bucket", encryption=s3.BucketEncryption.KMS, encryption_key=key)
    routing = cloudfront.Function(stack, "Routing", code=cloudfront.FunctionCode.from_inline(PLACEHOLDER_ROUTING))
    origin = origins.S3BucketOrigin.with_origin_access_control(bucket)
    behavior = cloudfront.BehaviorOptions(origin=origin)
    changes = iam.Role.from_role_arn(stack, "Changes", "arn:aws:iam::123456789012:role/Changes")
    cluster = rds.DatabaseCluster.from_database_cluster_attributes(stack, "Stock", cluster_identifier="stock")
    orders = rds.DatabaseInstance.from_database_instance_attributes(
        stack, "Orders", instance_identifier="orders", instance_endpoint_address="x", port=0, security_groups=[]
    )
    return {
        "api": FunctionComponent(
            a_function(stack, "Api", key), api=apigateway.HttpApi(stack, "Http"), provisioned_concurrency=1
        ),
        "ai": ImageComponent(
            a_function(stack, "Ai"), ecr.Repository(stack, "Images"), provisioned_concurrency=1, api=a_rest_stage(stack)
        ),
        "site": SiteComponent(
            bucket, routing, distribution=cloudfront.Distribution(stack, "Cdn", default_behavior=behavior)
        ),
        "settings": ParametersComponent("/shop/prod/settings"),
        "orders": DatabaseComponent(orders),
        "stock": DatabaseComponent(cluster=cluster),
        "flow": StateMachineComponent(a_state_machine(stack)),
        "infra": StackComponent("shop-infra", changes, capabilities=["CAPABILITY_AUTO_EXPAND"]),
    }


def a_secret(stack: Stack) -> secretsmanager.ISecret:
    """A secret with a key of its own."""
    return secretsmanager.Secret(stack, "Config", encryption_key=kms.Key(stack, "SecretKey"))
