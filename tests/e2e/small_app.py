"""A small app for the tests of the local AWS itself: a function behind an alias, and a site behind CloudFront."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import urllib3

from selfright.local import emulator
from selfright.local.deployer import deploy
from selfright.local.edge.targets import Targets, save
from selfright.local.local_weather import LocalWeather
from selfright.local.place import LocalFolder
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
        self.bucket = ""

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


@contextmanager
def small_app(folder: Path, weather: LocalWeather | None = None) -> Iterator[App]:
    """The app on a local AWS of its own, behind the edge."""
    with emulator.session(folder / "local", weather) as running:
        app = App(running, folder)
        assert app.get("/health").status == 503
        deployed = deploy(running.endpoint, assembly(folder / "cdk.out", TEMPLATE))[0]
        app.bucket = deployed.outputs["Bucket"]
        page = {"Body": b"<title>hello</title>", "ContentType": "text/html", "Metadata": {"revision": "abc"}}
        app.client("s3").put_object(Bucket=app.bucket, Key="revisions/abc/index.html", **page)
        save(LocalFolder(folder / "local").targets, Targets("edge-api", "live", deployed.outputs["Domain"]))
        yield app
        app.http.clear()
