"""The world that the components are tested in: S3 by moto, Lambda and CloudFront in memory."""
# ruff: noqa: ANN401 - botocore clients have no types of their own

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.aws.calls import Clients
from controller.aws.functions import FunctionComponent
from controller.aws.sites import SiteComponent
from controller.domain.environment import FunctionTarget, SiteTarget
from controller.domain.routing import RoutingTable
from tests.unit.aws.fake_cloudfront import NAME as ROUTING
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import FakeLambda

REGION = "eu-central-1"
ARTIFACTS, SITE = "artifacts", "site-bucket"


@dataclass
class World:
    """Everything that the components touch, for tests to look at and to change."""

    s3: Any
    functions: FakeLambda
    routing: FakeCloudFront
    s3_calls: Counter[str] = field(default_factory=Counter)
    slept: list[float] = field(default_factory=list)

    @property
    def clients(self) -> Clients:
        """What a component is made with."""
        clients = Clients()
        clients.objects = self.s3
        clients.functions = clients.invoker = self.functions  # type: ignore[assignment]
        clients.routing = self.routing  # type: ignore[assignment]
        return clients

    def function(self, **target: Any) -> FunctionComponent:
        """The component `api`."""
        chosen = FunctionTarget(kind="function", function_name=FUNCTION, **target)
        return FunctionComponent(chosen, "api", ARTIFACTS, self.clients, self.slept.append)

    def site(self) -> SiteComponent:
        """The component `site`."""
        chosen = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING)
        return SiteComponent(chosen, "site", self.clients)

    def stored(self, bucket: str = SITE) -> set[str]:
        """The keys of all objects."""
        return {one["Key"] for one in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


@pytest.fixture(scope="session")
def s3_client() -> Any:
    """Made once, because that takes longer than a test."""
    return boto3.client("s3", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture
def world(s3_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A function on version 1, a site without a revision, and empty buckets."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3 = s3_client
    with mock_aws():
        for bucket in (ARTIFACTS, SITE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        fetch = lambda bucket, key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
        made = World(s3, FakeLambda(fetch), FakeCloudFront(RoutingTable()))
        count = lambda operation_name, **_: made.s3_calls.update([operation_name])  # noqa: E731
        s3.meta.events.register("request-created.s3", count, "count")
        yield made
        s3.meta.events.unregister("request-created.s3", unique_id="count")
