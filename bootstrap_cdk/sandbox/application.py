"""The sandbox's application: a function behind an HTTP API, settings, and its registration with the controller."""

from aws_cdk import CfnCondition, CfnParameter, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from bootstrap_cdk.sandbox.naming import ENVIRONMENT, PREFIX, RUNTIME, function_role
from bootstrap_cdk.sandbox.site import SandboxSite
from selfright.cdk import (
    PLACEHOLDER_CODE,
    PLACEHOLDER_HANDLER,
    DeploymentPreference,
    Environment,
    FunctionComponent,
    Judge,
    ParametersComponent,
    SiteComponent,
)

ALIAS = "live"
ORIGIN = "https://pages.example"
"""The origin whose pages may call the API, for the preflight."""
BAKE = "4m"
"""Long enough for CloudWatch's lateness, for a step and for the final bake."""


class SandboxApi(Construct):
    """The released function, as the documentation tells an application to create it, and the API in front of it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        name = f"{PREFIX}-api"
        role, log = function_role(self, name)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description="The sandbox's API; releases bring its code",
            code=lambda_.Code.from_inline(PLACEHOLDER_CODE),
            handler=PLACEHOLDER_HANDLER,
            runtime=RUNTIME,
            memory_size=256,
            timeout=Duration.seconds(10),
            role=role,
            log_group=log,
        )
        version = lambda_.Version(self, "Placeholder", lambda_=self.function, removal_policy=RemovalPolicy.RETAIN)
        self.alias = lambda_.Alias(self, "Live", alias_name=ALIAS, version=version)
        self.http = apigateway.HttpApi(
            self,
            "Http",
            api_name=f"{PREFIX}-api",
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=[ORIGIN], allow_methods=[apigateway.CorsHttpMethod.GET], max_age=Duration.hours(1)
            ),
        )
        self.lead("/", self.alias)
        self.lead("/{proxy+}", self.alias)
        self.errors = cloudwatch.Alarm(
            self,
            "Errors",
            alarm_name=f"{PREFIX}-api-errors",
            alarm_description="Guards the sandbox's releases",
            metric=self.alias.metric_errors(period=Duration.minutes(1), statistic="Sum"),
            threshold=3,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def lead(self, path: str, alias: lambda_.IAlias) -> None:
        """Lead requests for a path to a function by its alias."""
        integration = HttpLambdaIntegration("Led", alias)
        self.http.add_routes(path=path, methods=[apigateway.HttpMethod.GET], integration=integration)


def register(stack: Stack, api: SandboxApi, site: SandboxSite, topic: sns.ITopic) -> Environment:
    """Register function, site and settings; the addresses for checks from outside can be given as parameters."""
    return Environment(
        stack,
        "Environment",
        application=PREFIX,
        environment=ENVIRONMENT,
        components={
            "api": FunctionComponent(api.function, ALIAS, _address(stack, "Api", api.http.api_endpoint), api=api.http),
            "site": SiteComponent(
                site.bucket, site.routing_function, _address(stack, "Site", site.url), distribution=site.distribution
            ),
            "settings": ParametersComponent(f"/{PREFIX}/settings"),
        },
        deployment_preference=DeploymentPreference(type=[{"weight": 50, "bake": BAKE}], alarms=[api.errors]),
        topic=topic,
        final_bake=BAKE,
        judge=Judge(minimum_requests=20),
        keep_revisions=2,
    )


def _address(stack: Stack, name: str, own: str) -> str:
    """The component's own address, unless the template's parameter gives another one."""
    what = "Another address for checks from outside; empty: its own"
    given = CfnParameter(stack, f"{name}Url", default="", description=what)
    is_given = Fn.condition_not(Fn.condition_equals(given.value_as_string, ""))
    condition = CfnCondition(stack, f"{name}UrlIsGiven", expression=is_given)
    return Fn.condition_if(condition.logical_id, given.value_as_string, own).to_string()
