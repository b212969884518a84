"""The world for plans: S3 and SSM by moto, Lambda and CloudFront in memory, the ports faked."""
# ruff: noqa: ANN401 - botocore clients have no types of their own

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.client.clients import Clients
from controller.aws.components.registry import AwsComponents
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.site.routing import RoutingTable
from controller.domain.deployment import Deployment, Revision, Upload
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from selfright.components.planned import ComponentPlan
from selfright.planning.model import Plan
from selfright.planning.planner import Planner
from tests.fakes import START, FakeWorld
from tests.fences import FORWARD
from tests.unit.aws.fake_cloudformation import FakeCloudFormation
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import FakeLambda, NoCallers
from tests.unit.aws.fake_machines import FakeMachines
from tests.unit.aws.fake_rest_api import FakeRestApi, a_definition, an_integration
from tests.unit.conftest import REGION
from tests.unit.planning.kinds import FakeRegistry

ARTIFACTS, SITE, PREFIX = "artifacts", "site-bucket", "/smartpack/prod/settings"
LIVE, ON_ITS_WAY, STACK = "smartpack-prod-live", "smartpack-prod-next", "smartpack-prod-infra"
ENVIRONMENT: dict[str, Any] = {
    "application": "smartpack",
    "environment": "prod",
    "components": {
        "api": {"kind": "function", "function_name": FUNCTION},
        "site": {"kind": "site", "bucket": SITE, "routing_function": "routing"},
        "settings": {"kind": "parameters", "prefix": PREFIX},
        "infra": {"kind": "stack", "stack_name": STACK, "role_arn": "arn:aws:iam::123456789012:role/stack"},
    },
}


@dataclass
class PlanWorld:
    """The state that plans read. `release` acts like the controller, so that a release is live."""

    folder: Path
    functions: FakeLambda
    routing: FakeCloudFront
    s3: Any
    ssm: Any
    rest: FakeRestApi = field(default_factory=lambda: FakeRestApi(a_definition(get=an_integration(f"{FUNCTION}:live"))))
    stacks: FakeCloudFormation = field(default_factory=FakeCloudFormation)
    machines: FakeMachines = field(default_factory=FakeMachines)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    ports: FakeWorld = field(default_factory=FakeWorld)
    configuration: dict[str, Any] = field(default_factory=lambda: dict(ENVIRONMENT))
    secrets: set[str] = field(default_factory=set)

    @property
    def environment(self) -> Environment:
        """The environment as it is configured."""
        return Environment.model_validate(self.configuration)

    @property
    def clients(self) -> Clients:
        """The clients of the components."""
        clients = Clients()
        clients.objects = self.s3
        clients.parameters = clients.pointers = self.ssm
        clients.functions = clients.invoker = self.functions  # type: ignore[assignment]
        clients.events = clients.pipes = clients.schedules = NoCallers()  # type: ignore[assignment]
        clients.routing = self.routing  # type: ignore[assignment]
        clients.stacks = self.stacks  # type: ignore[assignment]
        clients.rest_gateway = self.rest
        clients.machines = clients.machine_aliases = self.machines  # type: ignore[assignment]
        clients.registry = self.registry  # type: ignore[assignment]
        return clients

    def plan(self, bundle: bytes, *, hotfix: bool = False, attempt: Callable[[str], str] = lambda _: "") -> Plan:
        """Plan this bundle."""
        self.ports.components = AwsComponents(ARTIFACTS, self.clients)  # type: ignore[assignment]
        path = self.folder / "bundle.zip"
        path.write_bytes(bundle)
        has, place = self.secrets.__contains__, self.environment
        return Planner(self.ports, self.clients, place, has, attempt=attempt, hotfix=hotfix).plan(path)

    def component(self, bundle: bytes, name: str) -> ComponentPlan:
        """What is planned for one component."""
        return next(one for one in self.plan(bundle).components if one.name == name)

    def release(self, bundle: bytes, version: str = "1.0.0") -> None:
        """Stage every component of the bundle, and let all visitors have it."""
        components = AwsComponents(ARTIFACTS, self.clients)
        brought: dict[str, Revision] = {}
        opened = BundleArchive(io.BytesIO(bundle))
        for name, artifact in opened.manifest().components.items():
            component = components.get(self.environment, name)
            stable = component.current()
            staged = component.stage(artifact, opened)
            assert isinstance(staged, Revision)
            component.shift(stable, staged, 100, FORWARD)
            brought[name] = staged
        self.make_live(version)
        self.ports.deployments.update(LIVE, {"staged": brought}, phases={Phase.SUCCEEDED})

    def begin(self, bundle: bytes, version: str = "1.1.0", weight: int = 20) -> Deployment:
        """A release is on its way: staged, and this share of the visitors has it."""
        components = AwsComponents(ARTIFACTS, self.clients)
        opened = BundleArchive(io.BytesIO(bundle))
        stable, staged = dict[str, Revision](), dict[str, Revision]()
        for name, artifact in opened.manifest().components.items():
            component = components.get(self.environment, name)
            stable[name], made = component.current(), component.stage(artifact, opened)
            assert isinstance(made, Revision)
            component.shift(stable[name], made, weight, FORWARD)
            staged[name] = made
        upload = Upload(ARTIFACTS, "incoming/smartpack/prod/y.zip", "v2", 1, START)
        one = Deployment(ON_ITS_WAY, "smartpack", "prod", Phase.BAKING, upload, "arn", START, START, version=version)
        one = replace(one, previous=self.ports.locks.load("smartpack/prod").live, components=tuple(sorted(staged)))
        self.ports.deployments.create(replace(one, digest=opened.digest(), restore_point=stable, staged=staged))
        self.lock(holder=ON_ITS_WAY)
        return self.ports.deployments.get(ON_ITS_WAY)

    def end(self) -> None:
        """The release that is on its way gets all visitors, and ends well."""
        one, components = self.ports.deployments.get(ON_ITS_WAY), AwsComponents(ARTIFACTS, self.clients)
        for name, revision in one.staged.items():
            components.get(self.environment, name).shift((one.restore_point or {})[name], revision, 100, FORWARD)
        self.ports.deployments.update(ON_ITS_WAY, {"phase": Phase.SUCCEEDED}, phases={Phase.BAKING})
        self.lock(holder="", live=ON_ITS_WAY)

    def make_live(self, version: str, *checks: str) -> None:
        """Note in the ledger that this version is live, and what it is checked by (as JSON)."""
        upload = Upload(ARTIFACTS, "incoming/smartpack/prod/x.zip", "v1", 1, START)
        one = Deployment(LIVE, "smartpack", "prod", Phase.SUCCEEDED, upload, "arn", START, START, version=version)
        one = replace(one, checks=checks)
        self.ports.deployments.create(one)
        self.lock(live=LIVE)

    def lock(self, **members: Any) -> None:
        """Change the environment's lock."""
        self.ports.locks.save(replace(self.ports.locks.load("smartpack/prod"), **members))


@pytest.fixture
def world(s3_client: Any, ssm_client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PlanWorld]:
    """A function on version 1, a site without a revision, no settings, and nothing released yet."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        for bucket in (ARTIFACTS, SITE):
            s3_client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        fetch = lambda bucket, key: s3_client.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
        yield PlanWorld(tmp_path, FakeLambda(fetch), FakeCloudFront(RoutingTable()), s3_client, ssm_client)
