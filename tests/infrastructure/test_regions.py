"""The same controller and application in several regions of one account: no name of theirs is there twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap_cdk.app import build_app
from bootstrap_cdk.settings import ControllerSettings, SmartPackSettings
from tests.infrastructure.templates import Synthesized, Template

GLOBAL = {
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::KeyValueStore": ("Name",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::IAM::User": ("UserName",),
    "AWS::S3::Bucket": ("BucketName",),
}
"""Types whose names all regions of an account share → where the name is. If it is missing, AWS makes one up."""
NAMES = ("Name", "AlarmName", "TopicName", "DashboardName", "LogGroupName", "FunctionName", "RoleName", "QueueName")
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
EDGE: dict[str, Any] = {
    "account": "111122223333",
    "domain_name": "pack.example.com",
    "hosted_zone_name": "example.com",
    "hosted_zone_id": "Z0123456789ABC",
    "waf": True,
}


@pytest.fixture(scope="module")
def assemblies(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Synthesized]:
    """The same app in each of the regions."""
    made = {}
    for region in REGIONS:
        folder = tmp_path_factory.mktemp(region)
        controller = ControllerSettings(package, dashboard=True)
        build_app(controller, [SmartPackSettings(region=region, **EDGE)], outdir=folder).synth()
        made[region] = Synthesized(folder)
    return made


def templates(assembly: Synthesized) -> Iterator[tuple[str, Template]]:
    """Name → template of an assembly."""
    for path in assembly.folder.glob("*.template.json"):
        name = path.name.removesuffix(".template.json")
        yield name, assembly.template(name)


def name_of(template: Template, kind: str, properties: Any) -> str:  # noqa: ANN401 - of a template
    """The name of a resource; "" if CloudFormation makes one up."""
    for key in GLOBAL[kind]:
        properties = properties.get(key) if isinstance(properties, dict) else None
    return template.text(properties) if properties else ""


def test_names_that_regions_share_have_the_region(assemblies: dict[str, Synthesized]) -> None:
    """Or CloudFormation makes them up: otherwise the second region overwrites a dashboard, or cannot be deployed."""
    names = {
        name
        for assembly in assemblies.values()
        for _, template in templates(assembly)
        for kind in GLOBAL
        for one in template.of_type(kind).values()
        if (name := name_of(template, kind, one))
    }
    assert {name for name in names if "<AWS::Region>" not in name and not name.endswith(REGIONS)} == set()
    kinds = {
        "smartpack-prod-routing",
        "smartpack-prod-headers",
        "smartpack-prod-access",
        "selfright-stage",
        "selfright",
    }
    assert {f"{kind}-" for kind in kinds} <= {name.partition("<")[0].removesuffix(REGIONS[0]) for name in names}


def test_nothing_in_us_east_1_is_there_twice(assemblies: dict[str, Synthesized]) -> None:
    """Other regions have stacks there, too: neither these nor what is in them may have the same names."""
    stacks: list[tuple[str, Template]] = []
    for region, assembly in assemblies.items():
        stacks += [(name, one) for name, one in templates(assembly) if region == "us-east-1" or "-Edge" in name]
    found = [name for name, _ in stacks]
    assert sorted(set(found)) == sorted(found)
    named = [
        (kind, template.text(properties[key]))
        for _, template in stacks
        for kind in {one["Type"] for one in template.document["Resources"].values()}
        for properties in template.of_type(kind).values()
        for key in NAMES
        if isinstance(properties.get(key), str | dict) and key == own_name(kind)
    ]
    assert sorted(set(named)) == sorted(named)
    assert ("AWS::WAFv2::WebACL", "smartpack-prod-eu-west-1") in named
    assert ("AWS::CloudWatch::Alarm", "smartpack-prod-eu-west-1-site-5xx") in named


def own_name(kind: str) -> str:
    """The property with a resource's own name."""
    return {
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::CloudWatch::CompositeAlarm": "AlarmName",
        "AWS::CloudWatch::Dashboard": "DashboardName",
        "AWS::IAM::Role": "RoleName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::Logs::LogGroup": "LogGroupName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::WAFv2::WebACL": "Name",
    }.get(kind, "")
