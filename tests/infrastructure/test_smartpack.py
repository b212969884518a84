"""SmartPack's stack, and its registration with Selfright."""

import hashlib
import json
import re

import pytest

from app_artifacts.smartpack.serve import POLICY
from controller.domain.components.site.routing import RoutingTable, parse
from controller.domain.environment import Environment
from controller.domain.strategy import steps_of
from selfright.cdk import PLACEHOLDER_CODE, PLACEHOLDER_ROUTING
from tests.infrastructure.templates import Template

RELEASED = {
    "AWS::Lambda::Version": "a new version would be published, and the alias moved to it",
    "AWS::Lambda::Alias": "the alias would be put back to the placeholder",
    "AWS::CloudFront::Function": "the routing table would be put back to the placeholder",
}
"""What belongs to the releases, and the damage if a later template changed it."""


def environment_of(template: Template) -> Environment:
    """The synthesized JSON as the controller reads it, with values for what only AWS knows."""
    value = template.registered()
    known = re.sub(r"<\w+\.ApiEndpoint>", "https://a1b2c3.execute-api.eu-central-1.amazonaws.com", value)
    known = re.sub(r"<\w+\.DomainName>", "d111111abcdef8.cloudfront.net", known)
    return Environment.model_validate_json(re.sub(r"<(\w+)>", lambda match: match[1].lower(), known))


def test_the_controller_accepts_the_environment(smartpack: Template, staging: Template) -> None:
    """What CDK writes into SSM is what the controller's own model reads."""
    assert environment_of(smartpack).key == "smartpack/prod"
    assert environment_of(staging).key == "smartpack/staging"


def test_every_setting_reaches_the_environment(staging: Template) -> None:
    """Strategy, final bake, judge, variables and addresses have the chosen values."""
    environment = environment_of(staging)
    steps = steps_of(environment.deployment_preference, environment.final_bake)
    assert [(step.weight, step.bake) for step in steps] == [(25, 4), (50, 4), (100, 6)]
    judge = environment.judge
    assert (judge.evaluate_every, judge.period, judge.minimum_requests) == (2, 1, 5)
    assert (judge.when_inconclusive, judge.tolerance, judge.alpha) == ("pause", 0.1, 0.01)
    assert (judge.promote_early, judge.limits.error_rate, judge.synthetic.requests) == (True, 0.02, 50)
    assert environment.keep_revisions == 3
    assert environment.components["api"].variables["GREETING"] == "hello"
    assert {environment.components[name].url for name in ("api", "site")} == {"http://127.0.0.1:8080"}
    assert environment.allow_private_urls


def test_private_addresses_are_not_checked_unless_it_is_said(smartpack: Template) -> None:
    """In production, checks request only public addresses."""
    assert not environment_of(smartpack).allow_private_urls


def test_the_environment_names_alarms_that_exist(smartpack: Template) -> None:
    """A guard that does not exist would stop every release."""
    alarms = {name.lower(): one["AlarmName"] for name, one in smartpack.of_type("AWS::CloudWatch::Alarm").items()}
    guards = [alarms[name] for name in environment_of(smartpack).deployment_preference.alarms]
    assert guards == ["smartpack-prod-api-errors", "smartpack-prod-api-5xx", "smartpack-prod-api-latency"]


@pytest.mark.parametrize(("kind", "otherwise"), RELEASED.items())
def test_a_later_deployment_leaves_releases_alone(
    smartpack: Template, staging: Template, kind: str, otherwise: str
) -> None:
    """Two templates that differ in every setting have the same version, alias and routing function."""
    ours = json.dumps(smartpack.of_type(kind))
    theirs = json.dumps(staging.of_type(kind)).replace("staging", "prod")
    assert ours == theirs, otherwise


def test_a_later_deployment_leaves_the_code_alone(smartpack: Template, staging: Template) -> None:
    """Whatever is chosen, the code in the template is the constant placeholder."""
    code = [template.only("AWS::Lambda::Function")["Code"] for template in (smartpack, staging)]
    assert code == [{"ZipFile": PLACEHOLDER_CODE}] * 2


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (PLACEHOLDER_CODE.encode(), "b34ebe38727a8f8972a156b99bd3212ded5e139122e551e01c43d1e63e827825"),
        (PLACEHOLDER_ROUTING.encode(), "6ea18648da4f1d5803aa8cfda222a4453ec4dda31255c145f86d0c5b316cd790"),
    ],
    ids=["function", "routing"],
)
def test_placeholders_never_change(content: bytes, digest: str) -> None:
    """A changed placeholder would replace the release at the next `cdk deploy`: never change it."""
    assert hashlib.sha256(content).hexdigest() == digest


def test_the_placeholder_says_that_nothing_is_released() -> None:
    """Before the first release, the API answers 503."""
    names = {}
    exec(PLACEHOLDER_CODE, names)  # noqa: S102 # our own constant
    assert names["handler"]({}, None)["statusCode"] == 503


def test_the_routing_placeholder_is_understood_as_nobodys_release() -> None:
    """The site component reads it before the first release: no revision is live."""
    assert parse(PLACEHOLDER_ROUTING.encode()) == RoutingTable()


def test_the_api_is_served_through_the_alias(smartpack: Template) -> None:
    """The integration calls `live`, so the alias's weights decide."""
    (alias,) = smartpack.of_type("AWS::Lambda::Alias")
    assert smartpack.only("AWS::ApiGatewayV2::Integration")["IntegrationUri"] == {"Ref": alias}
    gateways = [
        one for one in smartpack.of_type("AWS::Lambda::Permission").values() if "apigateway" in one["Principal"]
    ]
    assert [one["FunctionName"] for one in gateways] == [{"Ref": alias}] * 2


def test_the_api_has_two_routes_throttled_and_logged(smartpack: Template) -> None:
    """`GET /health` and `POST /generate`, nothing else."""
    routes = {one["RouteKey"] for one in smartpack.of_type("AWS::ApiGatewayV2::Route").values()}
    stage = smartpack.only("AWS::ApiGatewayV2::Stage")
    assert routes == {"GET /health", "POST /generate"}
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    assert "$context.identity" not in stage["AccessLogSettings"]["Format"]


def test_the_site_bucket_is_read_by_the_distributions_only(smartpack: Template) -> None:
    """Private, encrypted, TLS only; CloudFront reads it by origin access control."""
    bucket = smartpack.only("AWS::S3::Bucket")
    statements = smartpack.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    readers = [one for one in statements if one["Effect"] == "Allow"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(readers) == 2
    for reader in readers:
        assert reader["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert "AWS:SourceArn" in reader["Condition"]["StringEquals"]
        assert reader["Action"] == "s3:GetObject", "with the list, every visitor of the bucket's root could read it"
    assert any(one["Effect"] == "Deny" and "aws:SecureTransport" in str(one["Condition"]) for one in statements)


def test_cloudfront_serves_site_and_api_under_one_name(smartpack: Template) -> None:
    """The API's paths go to the HTTP API uncached, everything else through the routing function to the bucket."""
    distribution = smartpack.front[1]["DistributionConfig"]
    associations = distribution["DefaultCacheBehavior"]["FunctionAssociations"]
    behaviours = {one["PathPattern"]: one for one in distribution["CacheBehaviors"]}
    assert [one["EventType"] for one in associations] == ["viewer-request", "viewer-response"]
    assert set(behaviours) == {"/health", "/generate"}
    assert all("FunctionAssociations" not in one for one in behaviours.values())
    assert "ResponseHeadersPolicyId" in distribution["DefaultCacheBehavior"]


def test_a_domain_a_certificate_and_a_waf_can_be_given(staging: Template) -> None:
    """With a certificate of one's own, old TLS is refused."""
    distribution = staging.front[1]["DistributionConfig"]
    assert distribution["Aliases"] == ["pack.example.com"]
    assert distribution["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert distribution["WebACLId"].startswith("arn:aws:wafv2:")


def test_the_error_alarm_watches_the_alias(smartpack: Template, staging: Template) -> None:
    """Stable and canary together, sensitive as it was chosen; silence is not an error."""
    alarm = smartpack.named("AWS::CloudWatch::Alarm", "AlarmName", "smartpack-prod-api-errors")
    dimensions = {one["Name"]: smartpack.text(one["Value"]) for one in alarm["Dimensions"]}
    assert dimensions["Resource"] == f"{dimensions['FunctionName']}:live"
    assert alarm["TreatMissingData"] == "notBreaching"
    chosen = staging.named("AWS::CloudWatch::Alarm", "AlarmName", "smartpack-staging-api-errors")
    assert (chosen["Threshold"], chosen["Period"]) == (1, 10)


def test_alarms_reach_the_controller(smartpack: Template) -> None:
    """Alarm → topic → `on_alarm`, and what is not delivered is kept; the controller's own stack allows the call."""
    (topic,) = smartpack.of_type("AWS::SNS::Topic")
    subscription = smartpack.only("AWS::SNS::Subscription")
    callers = [one for one in smartpack.of_type("AWS::Lambda::Permission").values() if "sns" in one["Principal"]]
    alarms = smartpack.of_type("AWS::CloudWatch::Alarm").values()
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms)
    assert smartpack.text(subscription["Endpoint"]).endswith(":function:selfright-on-alarm")
    assert smartpack.text(subscription["RedrivePolicy"]["deadLetterTargetArn"]).endswith(":selfright-undelivered")
    assert not callers


def test_the_page_was_tried_under_cloudfronts_own_policy(smartpack: Template) -> None:
    """The tests in a browser use the same policy as CloudFront."""
    headers = smartpack.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    assert headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"] == POLICY
