"""SmartPack with a domain, a certificate and a firewall: in us-east-1 all in one place, elsewhere in three stacks."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import build_app
from bootstrap_cdk.settings import ControllerSettings, SmartPackSettings
from tests.infrastructure.templates import Synthesized, Template
from tests.infrastructure.test_rules import RESOURCES_FIT_ACTIONS, WRITTEN_BY_CDK
from tests.infrastructure.test_smartpack import environment_of

ELSEWHERE, HERE = "eu-central-1", "us-east-1"
WITH_ALARMS = [("elsewhere", "SmartPack-EdgeAlarms-eu-central-1"), ("here", "SmartPack")]
"""Where the assemblies have the alarms of CloudFront."""


def synthesize(folder: Path, package: Path, region: str) -> Synthesized:
    """The app in a region, with everything of the edge, checked by cdk-nag."""
    settings = SmartPackSettings(
        account="111122223333",
        region=region,
        domain_name="pack.example.com",
        hosted_zone_name="example.com",
        hosted_zone_id="Z0123456789ABC",
        waf=True,
        waf_requests=500,
    )
    app = build_app(ControllerSettings(package), [settings], outdir=folder)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Synthesized(folder)


@pytest.fixture(scope="module")
def elsewhere(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """SmartPack in Frankfurt."""
    return synthesize(tmp_path_factory.mktemp("elsewhere"), package, ELSEWHERE)


@pytest.fixture(scope="module")
def here(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """SmartPack in us-east-1."""
    return synthesize(tmp_path_factory.mktemp("here"), package, HERE)


def stacks(synthesized: Synthesized) -> dict[str, dict[str, Any]]:
    """The stacks of an assembly by name, in the order of the manifest."""
    artifacts = json.loads((synthesized.folder / "manifest.json").read_text())["artifacts"]
    return {name: one for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"}


def distribution(synthesized: Synthesized) -> dict[str, Any]:
    """The configuration of the distribution."""
    return dict(synthesized.template("SmartPack").front[1]["DistributionConfig"])


def test_only_what_must_be_there_is_in_us_east_1(elsewhere: Synthesized) -> None:
    """The certificate and the firewall come before SmartPack's own stack, the alarms of CloudFront after it."""
    found = stacks(elsewhere)
    places = {name: one["environment"].rpartition("/")[2] for name, one in found.items()}
    assert places == {
        "SelfrightController": "unknown-region",
        "SmartPack-Edge-eu-central-1": HERE,
        "SmartPack": ELSEWHERE,
        "SmartPack-EdgeAlarms-eu-central-1": HERE,
    }
    assert "SmartPack-Edge-eu-central-1" in found["SmartPack"]["dependencies"]
    assert "SmartPack" in found["SmartPack-EdgeAlarms-eu-central-1"]["dependencies"]


@pytest.mark.parametrize(("place", "region"), [("elsewhere", ELSEWHERE), ("here", HERE)])
def test_the_certificate_is_proved_by_the_hosted_zone(place: str, region: str, request: pytest.FixtureRequest) -> None:
    """And so it is renewed by itself; old TLS is refused."""
    synthesized: Synthesized = request.getfixturevalue(place)
    certificate = synthesized.template(f"SmartPack-Edge-{region}").only("AWS::CertificateManager::Certificate")
    assert (certificate["DomainName"], certificate["ValidationMethod"]) == ("pack.example.com", "DNS")
    assert certificate["DomainValidationOptions"][0]["HostedZoneId"] == "Z0123456789ABC"
    told = distribution(synthesized)
    assert told["Aliases"] == ["pack.example.com"]
    assert told["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert told["ViewerCertificate"]["AcmCertificateArn"]


def test_the_firewall_has_awss_rules_and_a_limit(elsewhere: Synthesized) -> None:
    """It is one for CloudFront; the limit of requests comes first, because it costs least."""
    acl = elsewhere.template("SmartPack-Edge-eu-central-1").only("AWS::WAFv2::WebACL")
    rules = sorted(acl["Rules"], key=lambda rule: rule["Priority"])
    managed = [rule["Statement"]["ManagedRuleGroupStatement"]["Name"] for rule in rules[1:]]
    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    assert rules[0]["Statement"]["RateBasedStatement"] == {"Limit": 500, "AggregateKeyType": "IP"}
    assert rules[0]["Action"] == {"Block": {}}
    assert set(managed) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in rules[1:])
    assert distribution(elsewhere)["WebACLId"]


def test_the_domain_leads_to_the_distribution(elsewhere: Synthesized) -> None:
    """By both versions of IP, in the zone that was given."""
    records = elsewhere.template("SmartPack").of_type("AWS::Route53::RecordSet").values()
    assert {one["Type"] for one in records} == {"A", "AAAA"}
    assert {(one["Name"], one["HostedZoneId"]) for one in records} == {("pack.example.com.", "Z0123456789ABC")}
    assert all(one["AliasTarget"]["DNSName"]["Fn::GetAtt"][1] == "DomainName" for one in records)


def alarm(template: Template, name: str) -> dict[str, Any]:
    """The alarm of this name."""
    found = template.of_type("AWS::CloudWatch::Alarm").values()
    names = {f"smartpack-prod-{name}", f"smartpack-prod-{ELSEWHERE}-{name}"}
    (properties,) = [one for one in found if one["AlarmName"] in names]
    return properties


@pytest.mark.parametrize(("place", "stack"), WITH_ALARMS)
def test_the_end_of_the_certificate_is_watched(place: str, stack: str, request: pytest.FixtureRequest) -> None:
    """Thirty days before; and the alarm stays on when an expired certificate gives no more data."""
    synthesized: Synthesized = request.getfixturevalue(place)
    expiry = alarm(synthesized.template(stack), "certificate-expiry")
    assert (expiry["Namespace"], expiry["MetricName"]) == ("AWS/CertificateManager", "DaysToExpiry")
    assert (expiry["ComparisonOperator"], expiry["Threshold"]) == ("LessThanThreshold", 30)
    assert expiry["TreatMissingData"] == "ignore"
    assert expiry["AlarmActions"]


@pytest.mark.parametrize(("place", "stack"), WITH_ALARMS)
def test_errors_of_cloudfront_are_an_alarm(place: str, stack: str, request: pytest.FixtureRequest) -> None:
    """Where its metrics are: in us-east-1."""
    synthesized: Synthesized = request.getfixturevalue(place)
    errors = alarm(synthesized.template(stack), "site-5xx")
    dimensions = {one["Name"]: one["Value"] for one in errors["Dimensions"]}
    assert (errors["Namespace"], errors["MetricName"]) == ("AWS/CloudFront", "5xxErrorRate")
    assert dimensions["Region"] == "Global"
    assert errors["AlarmActions"]


def test_they_guard_releases_where_they_can_be_read(here: Synthesized, elsewhere: Synthesized) -> None:
    """An alarm of another region cannot be read, and a guard that cannot be read stops every release."""
    guards = [environment_of(one.template("SmartPack")).deployment_preference.alarms for one in (here, elsewhere)]
    assert [any("edgeerrors" in name for name in names) for names in guards] == [True, False]
    assert not any("expiry" in name for names in guards for name in names)
    assert len(guards[0]) == len(guards[1]) + 1


def test_without_a_region_nothing_of_it_is_there(smartpack: Template) -> None:
    """The usual synthesis, and the local one, have no stack, no firewall and no custom resource more."""
    kinds = {one["Type"] for one in smartpack.document["Resources"].values()}
    assert not kinds & {"AWS::WAFv2::WebACL", "AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet"}
    names = {one["AlarmName"] for one in smartpack.of_type("AWS::CloudWatch::Alarm").values()}
    assert not [name for name in names if "site" in name or "certificate" in name]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["elsewhere", "here"])
def test_the_rules_of_others_find_nothing(place: str, request: pytest.FixtureRequest) -> None:
    """cdk-nag, CDK itself, and cfn-lint for every stack of SmartPack."""
    synthesized: Synthesized = request.getfixturevalue(place)
    assert synthesized.findings() == []
    assert synthesized.annotations() == []
    arguments = ManualArgs(ignore_checks=list(WRITTEN_BY_CDK), include_checks=[RESOURCES_FIT_ACTIONS])
    for stack in stacks(synthesized):
        if stack.startswith("SmartPack"):
            assert [str(match) for match in lint_file(synthesized.path(stack), arguments)] == []
