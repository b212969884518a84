"""An application's own stack, exactly as the README and the environment's page show it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from bootstrap_cdk.app import new_app
from controller.domain.components.site.routing import parse
from controller.domain.environment import Environment
from selfright.cdk import PLACEHOLDER_CODE, PLACEHOLDER_HANDLER, PLACEHOLDER_ROUTING, EncryptedTopic
from tests.infrastructure.every_kind import a_state_machine
from tests.infrastructure.templates import Synthesized, Template

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "environment.md"
FILLED_IN = {
    r"<\w+\.ApiEndpoint>": "https://api.example",
    r"<Changes\w+\.Arn>": "arn:aws:iam::111122223333:role/changes",
    r"<OrderFlow\w+>": "arn:aws:states:eu-central-1:111122223333:stateMachine:orders",
    r"<[^>]*>": "abc",
}
"""References, as the templates of these tests write them, and a value in their place."""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def examples(page: Path) -> list[str]:
    """The blocks of a page that use our constructs."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "selfright.cdk" in block]


WITHIN_A_STACK = [(page, block) for page in PAGES for block in examples(page) if "(Stack)" not in block]
"""Examples that refer to existing resources of a stack."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of the example."""
    (example,) = [block for block in examples(PAGE) if "(Stack)" in block]
    names: dict[str, Any] = {}
    exec(compile(example, PAGE, "exec"), names)  # noqa: S102 - our own documentation
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    names["Shop"](app, "Shop")
    app.synth()
    return Synthesized(folder).template("Shop")


def test_the_controller_accepts_its_environment(shop: Template) -> None:
    """Both components are there, with what their restore points need."""
    environment = Environment.model_validate(json.loads(without_ids(shop)))
    api, web = environment.components["api"], environment.components["web"]
    assert (api.kind, web.kind) == ("function", "site")
    assert "api_id" in api.model_fields_set
    assert "distribution_id" in web.model_fields_set


def without_ids(shop: Template) -> str:
    """The environment's JSON with something in place of what CloudFormation fills in."""
    text = shop.registered()
    for reference, value in FILLED_IN.items():
        text = re.sub(reference, value, text)
    return text


def test_visitors_come_by_an_alias_that_no_later_deployment_moves(shop: Template) -> None:
    """A version with a fixed id: that of `current_version` would contain a digest of the settings."""
    (version,) = shop.of_type("AWS::Lambda::Version")
    alias = shop.only("AWS::Lambda::Alias")
    assert version.startswith("First")
    assert shop.text(alias["FunctionVersion"]) == f"<{version}.Version>"
    (live,) = shop.of_type("AWS::Lambda::Alias")
    assert shop.text(shop.only("AWS::ApiGatewayV2::Integration")["IntegrationUri"]) == f"<{live}>"


def test_its_routing_function_is_nobodys_release_yet(shop: Template) -> None:
    """So the first release may replace it."""
    codes = [one["FunctionCode"] for one in shop.of_type("AWS::CloudFront::Function").values()]
    (routing,) = [code for code in codes if "TABLE" in code]
    assert parse(routing.encode()).stable == ""


def test_what_is_missing_is_answered_by_the_distribution_behind(shop: Template) -> None:
    """CloudFront may not list the bucket, and the second distribution reads nothing but the pages for that."""
    _, site = shop.front
    (group,) = site["DistributionConfig"]["OriginGroups"]["Items"]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [403, 404]
    statements = shop.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    readers = [one for one in statements if one["Effect"] == "Allow"]
    assert {one["Action"] for one in readers} == {"s3:GetObject"}
    assert sorted(shop.text(one["Resource"]).rpartition(">/")[2] for one in readers) == ["*", "revisions/*/.404.html"]


def test_examples_within_a_stack_are_found() -> None:
    """The README's, the least, and those of other callers, parameters, stacks and state machines."""
    assert [page.name for page, _ in WITHIN_A_STACK] == ["README.md", *["environment.md"] * 5]


@pytest.mark.parametrize(("page", "example"), WITHIN_A_STACK)
def test_examples_within_a_stack_work(page: Path, example: str, tmp_path: Path) -> None:
    """With nothing but the names that a reader has; the controller accepts what they declare."""
    app = new_app(tmp_path)
    stack = Stack(app, "Shop")
    exec(compile(example, page, "exec"), what_a_stack_has(stack))  # noqa: S102 - our own documentation
    app.synth()
    Environment.model_validate(json.loads(without_ids(Synthesized(tmp_path).template("Shop"))))


def what_a_stack_has(stack: Stack) -> dict[str, Any]:
    """What the examples do not show, by the names that they use."""
    errors = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    bucket = s3.Bucket(stack, "Bucket")
    origin = origins.S3BucketOrigin.with_origin_access_control(bucket)
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler=PLACEHOLDER_HANDLER,
        code=lambda_.Code.from_inline(PLACEHOLDER_CODE),
    )
    first = lambda_.Version(stack, "First", lambda_=function)
    return {
        "self": stack,
        "function": function,
        "live": lambda_.Alias(stack, "Live", alias_name="live", version=first),
        "machine": a_state_machine(stack),
        "http_api": apigateway.HttpApi(stack, "Http"),
        "bucket": bucket,
        "routing_function": cloudfront.Function(
            stack, "Routing", code=cloudfront.FunctionCode.from_inline(PLACEHOLDER_ROUTING)
        ),
        "distribution": cloudfront.Distribution(
            stack, "Distribution", default_behavior=cloudfront.BehaviorOptions(origin=origin)
        ),
        "errors": errors.create_alarm(stack, "Errors", threshold=3, evaluation_periods=1),
        "alarms_topic": EncryptedTopic(stack, "Alarms", display_name="Shop").topic,
    }
