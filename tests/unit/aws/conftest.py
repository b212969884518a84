"""The world for tests of components: S3 and SSM by moto, Lambda and CloudFront in memory."""
# ruff: noqa: ANN401 - botocore clients have no types of their own

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.client.clients import Clients
from controller.aws.components.function.component import FunctionComponent
from controller.aws.components.parameters.component import ParametersComponent
from controller.aws.components.site.component import SiteComponent
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.site.routing import RoutingTable
from controller.domain.components.site.target import SiteTarget
from controller.ports.components import Context
from tests.unit.aws.fake_cloudfront import NAME as ROUTING
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import FakeLambda, NoApis, NoCallers
from tests.unit.conftest import REGION

ARTIFACTS, SITE = "artifacts", "site-bucket"
PREFIX = "/smartpack/prod/settings"


@dataclass
class World:
    """Everything that the components use, for tests to read and to change."""

    s3: Any
    functions: FakeLambda
    routing: FakeCloudFront
    ssm: Any = None
    s3_calls: Counter[str] = field(default_factory=Counter)
    ssm_calls: list[str] = field(default_factory=list)
    before_ssm: dict[str, Callable[[], None]] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    old_history: int = 0
    """How often SSM still answers with a history that is empty."""

    @property
    def clients(self) -> Clients:
        """The clients for a component."""
        clients = Clients()
        clients.objects = self.s3
        clients.functions = clients.invoker = self.functions  # type: ignore[assignment]
        clients.events = clients.pipes = clients.schedules = NoCallers()  # type: ignore[assignment]
        clients.gateway = clients.rest_gateway = NoApis()  # type: ignore[assignment]
        clients.routing = self.routing  # type: ignore[assignment]
        clients.parameters = clients.pointers = self.ssm
        return clients

    def function(self, context: Context | None = None, **target: Any) -> FunctionComponent:
        """The component `api`."""
        chosen = FunctionTarget(kind="function", function_name=FUNCTION, **target)
        return FunctionComponent(chosen, "api", ARTIFACTS, self.clients, self.slept.append, context)

    def site(self) -> SiteComponent:
        """The component `site`."""
        chosen = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING)
        return SiteComponent(chosen, "site", self.clients)

    def settings(self) -> ParametersComponent:
        """The component `settings`."""
        chosen = ParametersTarget(kind="parameters", prefix=PREFIX)
        return ParametersComponent(chosen, "settings", self.clients, self.slept.append)

    def entering(self, operation_name: str, **_: Any) -> None:
        """Record a call to SSM, and run its action in `before_ssm`, once."""
        self.ssm_calls.append(operation_name)
        if action := self.before_ssm.pop(operation_name, None):
            action()

    def answering(self, parsed: dict[str, Any], **_: Any) -> None:
        """Empty a history that is to be old."""
        if self.old_history:
            self.old_history -= 1
            parsed["Parameters"] = []

    @property
    def ssm_mutations(self) -> list[str]:
        """The calls to SSM that change something."""
        return [call for call in self.ssm_calls if not call.startswith("Get")]

    def stored(self, bucket: str = SITE) -> set[str]:
        """The keys of all objects."""
        return {one["Key"] for one in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


@pytest.fixture
def world(s3_client: Any, ssm_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A function on version 1, a site without a revision, and empty buckets."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3 = s3_client
    with mock_aws():
        for bucket in (ARTIFACTS, SITE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        fetch = lambda bucket, key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
        made = World(s3, FakeLambda(fetch), FakeCloudFront(RoutingTable()), ssm_client)
        count = lambda event_name, **_: made.s3_calls.update([event_name.rpartition(".")[2]])  # noqa: E731
        s3.meta.events.register_first("before-send.s3", count, "count")
        ssm_client.meta.events.register("request-created.ssm", made.entering, "entering")
        ssm_client.meta.events.register("after-call.ssm.GetParameterHistory", made.answering, "answering")
        yield made
        ssm_client.meta.events.unregister("after-call.ssm.GetParameterHistory", unique_id="answering")
        ssm_client.meta.events.unregister("request-created.ssm", unique_id="entering")
        s3.meta.events.unregister("before-send.s3", unique_id="count")
