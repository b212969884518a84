"""The resources for the other ways: a function with an alias, a bucket, a distribution, made for the benchmark."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, cast

from benchmarks.local import Aws
from benchmarks.ways.endstate import differences, empty, objects, wrong_version
from benchmarks.workload import Build

ALIAS = "live"
PLACEHOLDER = "def handler(event, context):\n    return {'statusCode': 503}\n"


@dataclass
class Rival:
    """The resources of one way."""

    aws: Aws
    function: str
    bucket: str
    distribution: str

    @classmethod
    def create(cls, aws: Aws, name: str) -> "Rival":
        """Create the resources."""
        function, bucket = f"bench-{name}-api", f"bench-{name}-site"
        _create_function(aws, function)
        aws.s3.create_bucket(Bucket=bucket)
        return cls(aws, function, bucket, _create_distribution(aws, bucket))

    def reset(self) -> None:
        """Empty the bucket, and point the alias to the placeholder."""
        empty(self.aws, self.bucket)
        self.aws.functions.update_alias(FunctionName=self.function, Name=ALIAS, FunctionVersion="1")

    def version(self) -> str:
        """The version that is live."""
        return self.aws.functions.get_alias(FunctionName=self.function, Name=ALIAS)["FunctionVersion"]

    def wrong(self, build: Build) -> list[str]:
        """What is wrong while this build should be live."""
        found, expected = objects(self.aws, self.bucket), build.md5s()
        left_behind = [f"{key} is left behind" for key in found.keys() - expected.keys()]
        code = wrong_version(self.aws, self.function, ALIAS, build)
        return [*differences(found, expected), *left_behind, *code]


def _create_function(aws: Aws, name: str) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", PLACEHOLDER)
    aws.functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/bench",
        Code={"ZipFile": code.getvalue()},
        Publish=True,
    )
    aws.functions.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    aws.wait_for_function(name)


def _create_distribution(aws: Aws, bucket: str) -> str:
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {
        "TargetOriginId": "site",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    config = {
        "CallerReference": bucket,
        "Comment": bucket,
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
    }
    return aws.routing.create_distribution(DistributionConfig=cast("Any", config))["Distribution"]["Id"]
