"""The export of each kind of component, which holds no value of a secret."""
# ruff: noqa: ANN401 - JSON, and clients without types

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from controller.aws.client.clients import Clients
from controller.aws.components.exports import AwsExports
from controller.aws.components.function.kept_code import KeptCode
from controller.aws.restore_points import S3RestorePoints
from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.domain.restore_point import LEFT_OUT, Part, RestorePoint
from controller.errors import AwsError, NotFoundError, TransientError
from tests.builders import a_bundle
from tests.unit.aws.conftest import ARTIFACTS, PREFIX, SITE, World
from tests.unit.aws.fake_cloudfront import NAME as ROUTING
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.conftest import REGION

SECRET = "hunter2-hunter2"
CODE = f"restore-points/code/{hashlib.sha256(b'placeholder').hexdigest()}.zip"


def an_environment(**targets: Any) -> Environment:
    """An environment with everything that can be exported here; `targets` adds to its components."""
    components = {
        "api": {"kind": "function", "function_name": FUNCTION},
        "site": {"kind": "site", "bucket": SITE, "routing_function": ROUTING},
        "settings": {"kind": "parameters", "prefix": PREFIX},
    }
    for name, more in targets.items():
        components[name] |= more
    return Environment.model_validate({"application": "smartpack", "environment": "prod", "components": components})


@pytest.fixture
def staged(world: World) -> World:
    """A world whose staging area has the live code."""
    world.s3.put_object(Bucket=ARTIFACTS, Key=CODE.replace("restore-points/code", "staging"), Body=b"placeholder")
    return world


def export(world: World, name: str, revision: str, **targets: Any) -> dict[str, Any]:
    """The export of a component, as JSON."""
    found = AwsExports(ARTIFACTS, world.clients).of(an_environment(**targets), name, Revision(revision))
    return dict(json.loads(json.dumps(found, default=str)))


def test_a_function_is_exported_with_its_code_and_without_values_of_others(staged: World) -> None:
    """The export has the values of variables that a release set, and only the names of others."""
    variables = {"DB_PASSWORD": SECRET, "LEVEL": "info", "SELFRIGHT_VARIABLES": "LEVEL"}
    staged.functions.versions["1"]["Environment"] = {"Variables": variables}
    found = export(staged, "api", "1")
    assert found["variables"] == {"released": {"LEVEL": "info"}, "others": ["DB_PASSWORD"]}
    assert (found["configuration"]["Handler"], found["configuration"]["MemorySize"]) == ("app.handler", 128)
    assert found["code"]["key"] == CODE
    assert staged.s3.get_object(Bucket=ARTIFACTS, Key=CODE)["Body"].read() == b"placeholder"
    assert SECRET not in json.dumps(found)


def test_an_image_is_exported_by_its_digest(world: World) -> None:
    """ECR keeps the image itself."""
    world.functions.package("ab" * 32)
    found = export(world, "api", "1")
    assert found["code"] == {"sha256": "ab" * 32, "image": f"repository@sha256:{'ab' * 32}"}


def test_code_is_kept_once_and_kept_fresh(staged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month later it is copied onto itself, so that no lifecycle deletes what a new restore point needs."""
    sha256 = hashlib.sha256(b"placeholder").hexdigest()
    KeptCode(staged.clients, ARTIFACTS).keep(sha256, "")
    staged.s3_calls.clear()
    KeptCode(staged.clients, ARTIFACTS).keep(sha256, "")
    assert dict(staged.s3_calls) == {"HeadObject": 1}
    monkeypatch.setattr("controller.aws.components.function.kept_code.FRESH", timedelta(0) - timedelta(days=1))
    before = datetime.now(UTC).replace(microsecond=0)
    KeptCode(staged.clients, ARTIFACTS).keep(sha256, "")
    assert staged.s3_calls["CopyObject"] == 1
    written = staged.s3.head_object(Bucket=ARTIFACTS, Key=CODE)["LastModified"]
    assert written >= before


class Answer(io.BytesIO):
    """The answer of Lambda's bucket."""

    status = 200

    def stream(self, size: int) -> Any:
        """The body in pieces."""
        return iter(lambda: self.read(size), b"")


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"placeholder", None), (b"something else", AwsError), (HTTPError("no"), TransientError), (404, AwsError)],
)
def test_code_that_no_release_brought_is_fetched_from_lambda(
    world: World, answer: Any, error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is compared with its digest; no error quotes the signed address."""

    def request(*_: object, **__: object) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        found = Answer(answer if isinstance(answer, bytes) else b"")
        found.status = answer if isinstance(answer, int) else 200
        return found

    monkeypatch.setattr(PoolManager, "request", request)
    keep = lambda: KeptCode(world.clients, ARTIFACTS).keep(  # noqa: E731
        hashlib.sha256(b"placeholder").hexdigest(), "https://code.example/x?X-Amz-Signature=abc"
    )
    if error is None:
        assert keep() == CODE
        assert world.s3.get_object(Bucket=ARTIFACTS, Key=CODE)["Body"].read() == b"placeholder"
        return
    with pytest.raises(error) as raised:
        keep()
    assert "Signature" not in str(raised.value)
    assert CODE not in world.stored(ARTIFACTS)


def test_a_site_is_exported_with_its_index_and_routing(world: World) -> None:
    """Every file with its digest, the shared folders, and the code that chooses the revision."""
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    revision = world.site().stage(bundle.manifest().components["site"], bundle)
    found = export(world, "site", revision.id)
    assert "index.html" in found["index"]["files"]
    assert found["folders"] is None
    assert "function handler" in found["routing"]["code"]
    assert found["distribution"] is None
    assert export(world, "site", "")["index"] == {"files": {}}
    with pytest.raises(NotFoundError):
        export(world, "site", "0123456789abcdef")


def test_a_distribution_is_exported_without_the_values_of_its_headers(world: World) -> None:
    """An origin may recognize CloudFront by these values."""
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": SECRET}]}
    configuration = {"Comment": "shop", "Origins": {"Quantity": 1, "Items": [{"Id": "one", "CustomHeaders": headers}]}}
    world.routing.get_distribution_config = lambda **_: {"ETag": "E1", "DistributionConfig": configuration}  # type: ignore[attr-defined]
    found = export(world, "site", "", site={"distribution_id": "E2EXAMPLE"})["distribution"]
    assert (found["id"], found["etag"], found["configuration"]["Comment"]) == ("E2EXAMPLE", "E1", "shop")
    assert "X-Origin-Verify" in json.dumps(found)
    assert SECRET not in json.dumps(found)


def test_parameters_are_exported_with_their_values(world: World) -> None:
    """The bundle has them in plain text, too."""
    world.ssm.put_parameter(Name=f"{PREFIX}/revisions/aa/HUT", Value="Spruce", Type="String")
    assert export(world, "settings", "aa")["values"] == {"HUT": "Spruce"}
    assert export(world, "settings", "")["values"] == {}


def test_an_api_is_exported_without_values_that_may_be_secret(staged: World) -> None:
    """The export has CORS, routes, integrations and stages; static values that the API adds are left out."""
    clients = staged.clients
    api_id = an_api(clients)
    exports = AwsExports(ARTIFACTS, clients)
    found = exports.of(an_environment(api={"api_id": api_id}), "api", Revision("1"))["api"]
    assert found["settings"]["CorsConfiguration"]["AllowOrigins"] == ["https://shop.example"]
    assert [route["RouteKey"] for route in found["routes"]] == ["GET /health"]
    parameters = found["integrations"][0]["RequestParameters"]
    assert parameters == {"append:header.key": LEFT_OUT, "overwrite:path": "$request.path"}
    assert found["integrations"][0]["IntegrationUri"] == "https://backend.example"
    assert found["stages"][0]["StageName"] == "$default"
    assert SECRET not in json.dumps(found, default=str)


def test_an_address_with_a_key_is_left_out(staged: World) -> None:
    """As a password, or in its query."""
    clients = staged.clients
    api_id = an_api(clients)
    for uri in (f"https://any:{SECRET}@backend.example", f"https://backend.example/items?key={SECRET}"):
        key = clients.gateway.get_integrations(ApiId=api_id)["Items"][0]["IntegrationId"]
        clients.gateway.update_integration(ApiId=api_id, IntegrationId=key, IntegrationUri=uri)
        found = AwsExports(ARTIFACTS, clients).of(an_environment(api={"api_id": api_id}), "api", Revision("1"))["api"]
        assert found["integrations"][0]["IntegrationUri"] == LEFT_OUT


def an_api(clients: Clients) -> str:
    """Make an HTTP API in moto; returns its id."""
    gateway: Any = boto3.client(
        "apigatewayv2", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    clients.gateway = gateway
    cors = {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"]}
    api_id = gateway.create_api(Name="shop", ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
    integration = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri="https://backend.example",
        PayloadFormatVersion="1.0",
        RequestParameters={"append:header.key": SECRET, "overwrite:path": "$request.path"},
    )["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="GET /health", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    return str(api_id)


def test_a_restore_point_is_written_with_its_manifest_and_twice_is_harmless(world: World) -> None:
    """A restore point is complete when its manifest is there."""
    now = datetime(2026, 1, 2, tzinfo=UTC)
    part = Part("function", Revision("1", "ab"), {"any": now})
    point = RestorePoint("d1", "shop", "prod", now, {}, {"api": part})
    points = S3RestorePoints(ARTIFACTS, world.clients)
    digest = points.keep(point)
    assert points.keep(point) == digest
    manifest = world.s3.get_object(Bucket=ARTIFACTS, Key=f"{point.folder}_manifest.json")["Body"].read()
    assert hashlib.sha256(manifest).hexdigest() == digest
    assert world.stored(ARTIFACTS) == {f"{point.folder}_manifest.json", f"{point.folder}api.json"}
