"""The deployer, the edge and the visitors against the real emulator, with a small app for these tests."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3

from selfright.local import emulator
from selfright.local.deployer import deploy
from selfright.local.edge.targets import Targets, save
from selfright.local.errors import DeployError
from selfright.local.place import LocalFolder
from selfright.local.visitors import VisitorLoad, from_list, visiting
from selfright.local_state import LocalAws

CODE = """
import json, os

def handler(event, context):
    print(event["rawPath"])
    if event["rawQueryString"] == "fail":
        raise ValueError("as wished")
    version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    address = event["requestContext"]["http"]["sourceIp"]
    return {"statusCode": 200, "body": json.dumps({"version": version, "address": address, "body": event["body"]})}
"""

ROUTING = "function handler(event) { var r = event.request; r.uri = '/revisions/abc/index.html'; return r; }"

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        }
    },
    "Resources": {
        "Site": {"Type": "AWS::S3::Bucket"},
        "SitePolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Site"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "s3:GetObject",
                            "Resource": {"Fn::Sub": "${Site.Arn}/*"},
                        }
                    ],
                },
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Api": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "edge-api",
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "code.zip"},
            },
        },
        "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Api"}}},
        "Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Api"},
                "Name": "live",
                "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
            },
        },
        "Routing": {
            "Type": "AWS::CloudFront::Function",
            "Properties": {
                "Name": "edge-routing",
                "AutoPublish": True,
                "FunctionCode": ROUTING,
                "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"},
            },
        },
        "Distribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "Origins": [
                        {
                            "Id": "site",
                            "DomainName": {"Fn::GetAtt": ["Site", "RegionalDomainName"]},
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                    "DefaultCacheBehavior": {
                        "TargetOriginId": "site",
                        "ViewerProtocolPolicy": "redirect-to-https",
                        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                        "FunctionAssociations": [
                            {
                                "EventType": "viewer-request",
                                "FunctionARN": {"Fn::GetAtt": ["Routing", "FunctionMetadata.FunctionARN"]},
                            }
                        ],
                    },
                }
            },
        },
    },
    "Outputs": {
        "Bucket": {"Value": {"Ref": "Site"}},
        "Domain": {"Value": {"Fn::GetAtt": ["Distribution", "DomainName"]}},
    },
}


def assembly(folder: Path, template: dict[str, Any]) -> Path:
    """Write what `app.synth()` would write for one stack with one folder of code."""
    (folder / "code").mkdir(parents=True, exist_ok=True)
    (folder / "code" / "app.py").write_text(CODE)
    (folder / "edge.template.json").write_text(json.dumps(template))
    destination = {"here": {"bucketName": "cdk-assets-${AWS::AccountId}", "objectKey": "code.zip"}}
    files = {"code": {"source": {"path": "code", "packaging": "zip"}, "destinations": destination}}
    (folder / "edge.assets.json").write_text(json.dumps({"files": files, "dockerImages": {}}))
    stack = {"templateFile": "edge.template.json", "stackName": "edge"}
    artifacts = {
        "edge": {"type": "aws:cloudformation:stack", "properties": stack, "dependencies": ["edge.assets"]},
        "edge.assets": {"type": "cdk:asset-manifest", "properties": {"file": "edge.assets.json"}},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


class App:
    """The deployed app and how to reach it."""

    def __init__(self, running: LocalAws, folder: Path) -> None:
        self.running, self.folder = running, folder
        self.http = urllib3.PoolManager(retries=False)

    def client(self, name: str) -> Any:  # noqa: ANN401 — any client
        """A client of the local AWS."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        return boto3.client(name, endpoint_url=self.running.endpoint, **keys)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """What a visitor gets."""
        return self.http.request("GET", self.running.edge_url + path, headers=headers)

    def counts(self) -> Any:  # noqa: ANN401 — JSON
        """What the edge has counted."""
        return self.get("/.selfright/edge").json()

    def errors(self, **dimensions: str) -> tuple[float, float]:
        """The sums of Invocations and Errors of the last minutes for some dimensions."""
        client, now = self.client("cloudwatch"), datetime.now(UTC)
        sums = []
        for name in ("Invocations", "Errors"):
            points = client.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName=name,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=now - timedelta(minutes=5),
                EndTime=now + timedelta(minutes=1),
                Period=3600,
                Statistics=["Sum"],
            )["Datapoints"]
            sums.append(sum(point["Sum"] for point in points))
        return sums[0], sums[1]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The small app, deployed behind an edge."""
    folder = tmp_path_factory.mktemp("edge")
    with emulator.session(folder / "local") as running:
        app = App(running, folder)
        assert app.get("/health").status == 503
        deployed = deploy(running.endpoint, assembly(folder / "cdk.out", TEMPLATE))[0]
        page = {"Body": b"<title>hello</title>", "ContentType": "text/html", "Metadata": {"revision": "abc"}}
        app.client("s3").put_object(Bucket=deployed.outputs["Bucket"], Key="revisions/abc/index.html", **page)
        save(LocalFolder(folder / "local").targets, Targets("edge-api", "live", deployed.outputs["Domain"]))
        yield app
        app.http.clear()


def test_a_second_deployment_changes_nothing_and_says_so(app: App) -> None:
    """An unchanged assembly gives an empty change set."""
    lines: list[str] = []
    assert not deploy(app.running.endpoint, app.folder / "cdk.out", lines.append)[0].changed
    assert lines[0] == "0 of 1 assets uploaded"
    assert "no change" in lines[1]


def test_a_stack_that_fails_names_the_resource(app: App) -> None:
    """The error of a failed stack lists what failed and why."""
    bad = {"Resources": {"Wrong": {"Type": "AWS::No::Such", "Properties": {}}}}
    folder = assembly(app.folder / "bad.out", bad)
    manifest = (folder / "manifest.json").read_text().replace('"stackName": "edge"', '"stackName": "bad"')
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(DeployError, match=r"AWS::No::Such"):
        deploy(app.running.endpoint, folder)


def test_the_api_gets_a_payload_2_0_event(app: App) -> None:
    """The function sees path, body and the visitor's own address."""
    answer = app.http.request(
        "POST", f"{app.running.edge_url}/generate", body=b'{"a":1}', headers={"x-forwarded-for": "198.51.100.7"}
    )
    assert answer.status == 200
    assert answer.json() == {"version": "1", "address": "198.51.100.7", "body": '{"a":1}'}


def test_the_site_comes_through_cloudfront_and_its_function(app: App) -> None:
    """Every other path is rewritten by the routing function and served from the bucket."""
    answer = app.get("/any/page")
    assert (answer.status, answer.data) == (200, b"<title>hello</title>")
    assert app.counts()["site"]["abc"]["ok"] >= 1


def test_a_failing_function_is_a_500_and_an_error_of_its_version(app: App) -> None:
    """The visitor gets what an HTTP API gives, and CloudWatch what Lambda publishes."""
    version = {"FunctionName": "edge-api", "Resource": "edge-api:live", "ExecutedVersion": "1"}
    before = app.errors(**version)[1]
    answer = app.get("/health?fail")
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
    assert emulator._until(lambda: app.errors(**version)[1] == before + 1, 5)
    assert app.errors(FunctionName="edge-api", Resource="edge-api:live") == app.errors(**version)
    assert app.errors(FunctionName="edge-api") == app.errors(**version)


def test_alias_weights_are_followed_at_once(app: App) -> None:
    """A shift reaches visitors, and so does its undoing."""
    client = app.client("lambda")
    client.update_function_configuration(FunctionName="edge-api", Description="second")
    second = client.publish_version(FunctionName="edge-api")["Version"]
    client.update_alias(FunctionName="edge-api", Name="live", RoutingConfig={"AdditionalVersionWeights": {second: 1.0}})
    assert emulator._until(lambda: app.get("/health").json()["version"] == second, 1)
    client.update_alias(FunctionName="edge-api", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert emulator._until(lambda: app.get("/health").json()["version"] == "1", 1)


def test_visitors_count_what_they_saw(app: App) -> None:
    """A stream of visitors loads pages and asks for lists until it is stopped."""
    with visiting(app.running.edge_url, from_list([{"days": 3}]), VisitorLoad(rate=100)) as stream:
        assert emulator._until(lambda: stream.outcome().ok >= 20, 10)
        outcome = stream.stop()
    assert outcome.failed == 0
    assert set(outcome.site_ok) == {"abc"}
    assert set(outcome.api_ok) == {"1"}
