"""SmartPack's API: a Lambda function behind its alias `live`, and an HTTP API in front of it."""

import json
from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.exceptions import accept, accept_tracing
from selfright.cdk import PLACEHOLDER_CODE, PLACEHOLDER_HANDLER

ALIAS = "live"
ROUTES = {"/health": apigateway.HttpMethod.GET, "/generate": apigateway.HttpMethod.POST}
AI_ROUTES = {"/suggest": apigateway.HttpMethod.POST}

ACCESS_LOG = {
    "time": "$context.requestTime",
    "id": "$context.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}
"""The logged fields of a request: nothing about its sender, and nothing of its content."""


class ReleasedFunction(Construct):
    """A function whose code and alias belong to the releases, not to CloudFormation.

    CloudFormation changes a property if the *template* changes it, and ignores the present value. So the code, the
    version and the alias are the same in every template: a constant placeholder, a version with a fixed logical id
    (`current_version` would create a new version for every changed setting and move the alias to it), and an alias on
    exactly that version. A change of the memory or the role here reaches only `$LATEST`, and so the next release;
    visitors stay on the version that the controller has released.
    """

    def __init__(self, scope: Construct, construct_id: str, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        name = f"{settings.prefix}-api"
        log = log_group(self, "Log", f"/aws/lambda/{name}")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description="SmartPack's API; releases bring its code",
            code=lambda_.Code.from_inline(PLACEHOLDER_CODE),
            handler=PLACEHOLDER_HANDLER,
            runtime=lambda_.Runtime(settings.python_runtime, lambda_.RuntimeFamily.PYTHON, supports_inline_code=True),
            memory_size=512,
            timeout=Duration.seconds(10),
            tracing=lambda_.Tracing.ACTIVE,
            role=role,
            log_group=log,
        )
        version = lambda_.Version(self, "Placeholder", lambda_=self.function, removal_policy=RemovalPolicy.RETAIN)
        self.alias = lambda_.Alias(self, "Live", alias_name=ALIAS, version=version)
        accept_tracing(role)
        accept(self.function, "A release brings its runtime with its code.", "AwsSolutions-L1")


class Api(Construct):
    """The HTTP API: two routes, throttled, with an access log."""

    def __init__(self, scope: Construct, construct_id: str, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        self.released = ReleasedFunction(self, "Released", settings)
        self.http = apigateway.HttpApi(
            self,
            "Http",
            api_name=f"{settings.prefix}-api",
            create_default_stage=False,
            cors_preflight=_cors(settings.cors_origin),
        )
        self._add_routes(ROUTES, HttpLambdaIntegration("Live", self.released.alias))
        log = log_group(self, "AccessLog", f"/aws/http-api/{settings.prefix}")
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.http.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=100, throttling_burst_limit=200, detailed_metrics_enabled=True
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
        )

    def add_ai(self, alias: lambda_.IAlias) -> None:
        """Add the routes of the AI's function."""
        self._add_routes(AI_ROUTES, HttpLambdaIntegration("Ai", alias))

    def _add_routes(self, routes: Mapping[str, apigateway.HttpMethod], integration: HttpLambdaIntegration) -> None:
        for path, method in routes.items():
            for route in self.http.add_routes(path=path, methods=[method], integration=integration):
                accept(route, "Packing lists are public: visitors do not log in.", "AwsSolutions-APIG4")

    @property
    def domain_name(self) -> str:
        """The host name of the API, for an origin."""
        return f"{self.http.api_id}.execute-api.{self.http.stack.region}.{self.http.stack.url_suffix}"


def _cors(origin: str) -> apigateway.CorsPreflightOptions:
    """The calls that pages of another origin may make: those of the site itself, without cookies.

    The HTTP API answers preflights, and its headers replace those of the function in every answer.
    """
    return apigateway.CorsPreflightOptions(
        allow_origins=[origin],
        allow_methods=[apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST],
        allow_headers=["content-type"],
        max_age=Duration.hours(1),
    )


def log_group(scope: Construct, construct_id: str, name: str) -> logs.LogGroup:
    """Make a log group whose entries are kept for a month."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
