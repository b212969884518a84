"""The components' adapters over the fake S3, SSM, Lambda and CloudFront.

S3 and SSM are compared with moto, call by call. moto has no conditions for Lambda's aliases and no stages of CloudFront
functions: there the rules themselves are tested.
"""
# ruff: noqa: ANN401 - clients and documents are AWS's

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import Clients
from controller.aws.components.function.alias import Alias
from controller.aws.components.function.component import FunctionComponent
from controller.aws.components.parameters.component import ParametersComponent
from controller.aws.components.parameters.pointer import ParameterPointer, PointerState
from controller.aws.components.site.component import SiteComponent
from controller.aws.components.site.quick_puts import QuickPuts
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.site.routing import RoutingTable, parse, render
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, ConflictError, NotFoundError
from controller.ports.components import Fence
from tests.builders import a_bundle, bundle_parts
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.lambdas import Lambda
from tests.simulation.aws.s3 import S3, PutEvents
from tests.simulation.aws.ssm import Ssm
from tests.simulation.services.both import Both
from tests.unit.aws.ledger_table import client

START = datetime(2030, 1, 1, tzinfo=UTC)
BUCKET, SITE, FUNCTION, ROUTING = "artifacts", "site-bucket", "api-function", "routing"
PREFIX = "/smartpack/prod/settings"
SETTINGS = {f"NAME_{number}": str(number) for number in range(12)}
FORWARD, BACK = Fence(7, "forward", lambda: None), Fence(7, "back", lambda: None)
CONFIG = {"Comment": "", "Runtime": "cloudfront-js-2.0"}


@dataclass
class World:
    """Everything at one time of day, which a test may move."""

    now: datetime = START
    clients: Clients = field(default_factory=Clients)

    def __post_init__(self) -> None:
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731
        self.s3, self.ssm, self.routing = S3(clock), Ssm(clock), CloudFront(clock)
        self.functions = Lambda(clock, self.s3)
        for bucket in (BUCKET, SITE):
            self.s3.create_bucket(Bucket=bucket)
        made: dict[str, Any] = {"Handler": "app.handler", "Runtime": "python3.13", "Role": "role"}
        self.functions.create_function(FunctionName=FUNCTION, Code={"ZipFile": b"one"}, Publish=True, **made)
        self.functions.update_function_code(FunctionName=FUNCTION, ZipFile=b"two", Publish=True)
        self.functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
        self.routing.create_function(Name=ROUTING, FunctionConfig=CONFIG, FunctionCode=render(RoutingTable()))
        self.routing.publish_function(Name=ROUTING, IfMatch=self.routing.etag(ROUTING))
        clients: Any = self.clients
        self.s3.meta = PutEvents(self.s3.put_object)  # type: ignore[attr-defined]
        clients.objects, clients.parameters, clients.pointers = self.s3, self.ssm, self.ssm
        clients.functions = clients.invoker = self.functions
        clients.routing = self.routing

    def site(self) -> SiteComponent:
        """The component `site`."""
        return SiteComponent(SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING), "site", self.clients)

    def settings(self) -> ParametersComponent:
        """The component `settings`; waiting takes no time."""
        target = ParametersTarget(kind="parameters", prefix=PREFIX)
        return ParametersComponent(target, "settings", self.clients, lambda _: None)

    def function(self, **given: Any) -> FunctionComponent:
        """The component `api`; waiting moves the clock."""

        def sleep(seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

        target = FunctionTarget(kind="function", function_name=FUNCTION, **given)
        return FunctionComponent(target, "api", BUCKET, self.clients, sleep)

    def alias(self) -> Alias:
        """The function's alias."""
        return Alias(self.clients, FUNCTION, "live")

    def stage(self, component: Any, name: str, bundle: bytes | None = None) -> Revision:
        """Stage a bundle's artifact."""
        archive = BundleArchive(io.BytesIO(bundle or bundle_parts().with_parameters(SETTINGS).pack()))
        revision = component.stage(archive.manifest().components[name], archive)
        assert isinstance(revision, Revision)
        return revision


@pytest.fixture
def world() -> World:
    """A function with versions 1 and 2, a site without a revision, and empty stores."""
    return World()


@pytest.fixture
def compared(world: World) -> Iterator[World]:
    """The same; S3 and SSM compare themselves with moto."""
    with mock_aws():
        for bucket in (BUCKET, SITE):
            place = {"LocationConstraint": "eu-central-1"}
            client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        objects, parameters = Both(world.s3, client("s3"), all_members=False), Both(world.ssm, client("ssm"))
        objects.meta = PutEvents(objects.put_object)  # type: ignore[attr-defined]
        clients: Any = world.clients
        clients.objects, clients.parameters, clients.pointers = objects, parameters, parameters
        yield world
        assert objects.calls + parameters.calls, "nothing was compared"


def test_a_site_is_staged_checked_and_pruned_alike(compared: World) -> None:
    """Quick puts, the index, listings, reads, and deletions."""
    site = compared.site()
    first = compared.stage(site, "site")
    assert compared.stage(site, "site") == first
    second = compared.stage(site, "site", a_bundle(site_files={"index.html": b"two", "assets/a-1.js": b"1"}))
    assert all(result.passed for result in site.check(first, []))
    site.shift(Revision(""), second, 100, FORWARD)
    assert site.discard(first)
    assert compared.s3.keys(SITE, f"revisions/{first.id}/") == []
    site.prune([], 0)
    assert f"revisions/{second.id}/index.html" in compared.s3.keys(SITE)


def test_settings_are_staged_moved_and_pruned_alike(compared: World) -> None:
    """Pages of ten, creations, overwrites with their numbers, the history, and deletions."""
    settings = compared.settings()
    old = compared.stage(settings, "settings")
    new = compared.stage(settings, "settings", bundle_parts().with_parameters({"A": "1"}).pack())
    settings.shift(Revision(""), old, 100, FORWARD)
    settings.shift(old, new, 100, FORWARD)
    settings.restore(old, new, BACK)
    assert settings.current() == old
    assert all(result.passed for result in settings.check(new, []))
    assert settings.discard(new)
    assert len(compared.ssm.names(f"{PREFIX}/revisions/")) == len(SETTINGS)


def test_a_lost_write_of_the_pointer_is_noticed_alike(compared: World) -> None:
    """Somebody else writes between our read and our write; the history tells, and their value is written again."""
    pointer = ParameterPointer(compared.clients, PREFIX)
    pointer.shift("", "r1", 100, FORWARD)
    theirs = {"Name": f"{PREFIX}/current", "Value": "theirs", "Type": "String", "Overwrite": True}
    compared.clients.parameters.put_parameter(**theirs)  # type: ignore[arg-type]
    with pytest.raises(ConflictError):
        pointer.write(PointerState("r1", 1), "r1", "r2", 100, FORWARD.seal)
    assert compared.ssm.value(f"{PREFIX}/current") == "theirs"


def test_an_upload_is_pinned_and_read_by_ranges(world: World) -> None:
    """Exactly the pinned version is read, although the key has a newer one."""
    written = world.s3.put_object(Bucket=BUCKET, Key="incoming/a.zip", Body=b"0123456789", Metadata={"X": "y"})
    world.s3.put_object(Bucket=BUCKET, Key="incoming/a.zip", Body=b"newer")
    bundles = S3Bundles(world.clients.objects)
    upload = bundles.pin(BUCKET, "incoming/a.zip", written["VersionId"])
    with bundles.open(upload) as file:
        file.seek(4)
        assert file.read(3) == b"456"
    world.s3.delete_object(Bucket=BUCKET, Key="incoming/a.zip")
    with pytest.raises(NotFoundError):
        bundles.pin(BUCKET, "incoming/a.zip", None)
    assert bundles.pin(BUCKET, "incoming/a.zip", written["VersionId"]).size == len(b"0123456789")


def test_all_versions_of_all_uploads_are_listed_by_pages(world: World) -> None:
    """Newest first for each key; a version that a delete marker hides is there as well."""
    written = [
        (key, world.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")["VersionId"])
        for key in ("incoming/a", "incoming/b", "incoming/a", "other")
    ]
    world.s3.delete_object(Bucket=BUCKET, Key="incoming/b")
    pages = world.s3.get_paginator("list_object_versions")
    found = [*pages.paginate(Bucket=BUCKET, Prefix="incoming/", PaginationConfig={"PageSize": 1})]
    listed = [(one["Key"], one["VersionId"]) for page in found for one in page.get("Versions", [])]
    assert listed == [written[2], written[0], written[1]]
    assert (len(found), [len(page.get("DeleteMarkers", [])) for page in found]) == (4, [0, 0, 1, 0])


def test_quick_puts_end_at_the_first_difficulty(world: World) -> None:
    """A refusal, or no answer at all, is left to the ordinary call."""

    def silent(**_: Any) -> Mapping[str, Any]:
        raise ReadTimeoutError(endpoint_url="s3")

    sent = {"key": "a b/ü.html", "body": b"x", "sha256": "0" * 64, "headers": {}}
    for put in (world.s3.put_object, silent):
        world.s3.meta = PutEvents(put)  # type: ignore[attr-defined]
        assert not QuickPuts(world.clients, SITE).put(**sent)  # type: ignore[arg-type]
    assert world.s3.keys(SITE) == []


@pytest.mark.parametrize("seconds", [0.0, 7.0])
def test_a_function_is_staged_by_its_own_adapter(world: World, seconds: float) -> None:
    """Code comes from S3; an update may take its time; the same bundle again gives the same version."""
    world.functions.update_seconds = seconds
    function = world.function(variables={"TABLE": "trips"})
    revision = world.stage(function, "api")
    assert revision.id == "3"
    assert world.stage(function, "api") == revision
    assert (world.now - START >= timedelta(seconds=seconds), world.functions.live(FUNCTION)) == (True, ("1", {}))


def test_warm_instances_are_pending_until_they_are_there(world: World) -> None:
    """AWS makes them in minutes."""
    world.functions.warm_seconds = 60
    assert world.function(provisioned_concurrency=2)._provisioned.ensure("2", 2) is not None
    world.now += timedelta(minutes=1)
    assert world.function(provisioned_concurrency=2)._provisioned.ensure("2", 2) is None


def test_an_alias_moves_only_from_the_revision_that_was_read(world: World) -> None:
    """A write that comes after another one fails, however old it is."""
    alias = world.alias()
    before = alias.read()
    alias.shift("1", "2", 10, FORWARD)
    assert world.functions.live(FUNCTION) == ("1", {"2": 0.1})
    with pytest.raises(ConflictError):
        alias.write(before, "1", "2", 100, FORWARD.seal)
    alias.shift("1", "2", 100, FORWARD)
    assert world.functions.live(FUNCTION) == ("2", {})


def test_a_version_that_an_alias_uses_cannot_be_deleted(world: World) -> None:
    """Neither its own version nor one that has a share; another one is deleted for good."""
    world.alias().shift("1", "2", 10, FORWARD)
    for version in ("1", "2"):
        with pytest.raises(world.functions.exceptions.ResourceConflictException):
            world.functions.delete_function(FunctionName=FUNCTION, Qualifier=version)
    world.alias().restore("1", "2", BACK)
    world.functions.delete_function(FunctionName=f"{FUNCTION}:2")
    assert world.functions.versions(FUNCTION) == ["1"]
    with pytest.raises(NotFoundError):
        world.alias().shift("1", "2", 10, FORWARD)


@pytest.mark.parametrize("keep", [True, False])
def test_an_identical_write_keeps_its_revision_or_does_not(world: World, keep: bool) -> None:
    """Which of the two AWS does is not known: both are to be had. A change always gives a new one."""
    world.functions.identical_writes_keep_revision = world.routing.identical_writes_keep_revision = keep
    alias, etag = world.alias().read(), world.routing.etag(ROUTING)
    world.functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1", Description="")
    update = {"Name": ROUTING, "FunctionConfig": CONFIG}
    world.routing.update_function(**update, IfMatch=etag, FunctionCode=render(RoutingTable()))
    assert (world.alias().read() == alias, world.routing.etag(ROUTING) == etag) == (keep, keep)
    world.functions.update_alias(FunctionName=FUNCTION, Name="live", Description="F back")
    world.routing.update_function(**update, IfMatch=world.routing.etag(ROUTING), FunctionCode=b"// F back")
    assert world.alias().read().revision_id != alias.revision_id
    assert world.routing.etag(ROUTING) != etag


def test_a_site_moves_when_its_function_is_published(world: World) -> None:
    """LIVE changes at the publish, which needs the ETag that the update gave."""
    site = world.site()
    before = site._traffic.read()
    site._traffic.write(before, "", "a" * 16, 0, FORWARD.seal)
    with pytest.raises(ConflictError):
        site._traffic.write(before, "", "a" * 16, 0, FORWARD.seal)
    draft = {"Name": ROUTING, "FunctionConfig": CONFIG, "FunctionCode": b"// somebody's"}
    old = world.routing.etag(ROUTING)
    new = world.routing.update_function(**draft, IfMatch=old)["ResponseMetadata"]["HTTPHeaders"]["etag"]
    assert parse(world.routing.code(ROUTING)).stable == ""
    with pytest.raises(world.routing.exceptions.PreconditionFailed):
        world.routing.publish_function(Name=ROUTING, IfMatch=old)
    world.routing.publish_function(Name=ROUTING, IfMatch=new)
    with pytest.raises(ChangedByOthersError):
        site.current()


@pytest.mark.parametrize("service", ["functions", "routing", "ssm"])
def test_reads_are_behind_by_the_lag(world: World, service: str) -> None:
    """What was written within the lag is not seen yet; a write's condition is never behind."""
    pointer = ParameterPointer(world.clients, PREFIX)
    pointer.shift("", "r1", 100, FORWARD)
    world.now += timedelta(seconds=5)
    reads: dict[str, Callable[[], Any]] = {
        "functions": lambda: world.alias().read().shares,
        "routing": world.site()._traffic.live,
        "ssm": pointer.live,
    }
    before = reads[service]()
    world.alias().shift("1", "2", 10, FORWARD)
    world.routing.update_function(
        Name=ROUTING, FunctionConfig=CONFIG, IfMatch=world.routing.etag(ROUTING), FunctionCode=b"//"
    )
    world.routing.publish_function(Name=ROUTING, IfMatch=world.routing.etag(ROUTING))
    pointer.shift("r1", "r2", 100, FORWARD)
    getattr(world, service).lag = 1.0
    assert reads[service]() == before
    world.now += timedelta(seconds=2)
    try:
        assert reads[service]() != before
    except ChangedByOthersError:
        assert service == "routing"


def test_an_invocation_runs_what_the_simulation_gives_it(world: World) -> None:
    """The exact version is invoked; a failure is told as Lambda tells it."""
    world.functions.on_invoke = lambda name, version, configuration, payload: {
        "Payload": f"{name} {version} {payload.decode()}".encode(),
        **({"FunctionError": "Unhandled"} if version == "2" else {}),
    }
    good = world.functions.invoke(FunctionName=f"{FUNCTION}:live", Payload=b"hi")
    bad = world.functions.invoke(FunctionName=FUNCTION, Qualifier="2", Payload=b"")
    assert (good["Payload"].read(), good["ExecutedVersion"], bad["FunctionError"]) == (
        b"api-function 1 hi",
        "1",
        "Unhandled",
    )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.functions.invoke(FunctionName="nothing")
