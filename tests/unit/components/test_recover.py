"""Each kind of component, destroyed in every way that a person has, and recovered from what was exported of it."""
# ruff: noqa: ANN401 - JSON, and clients without types

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.components.exports import AwsExports
from controller.aws.components.function.apis.http_api import HttpApiExport
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.errors import ChangedByOthersError, ConflictError
from selfright.components.function.recover import FunctionRecovery
from selfright.components.function.recover_api import ApiRecovery
from selfright.components.parameters.recover import ParametersRecovery
from selfright.components.recovered import PointEntry, Recovery, RecoveryStep
from selfright.components.site.recover import SiteRecovery
from tests.builders import a_bundle
from tests.fences import FORWARD
from tests.unit.aws.components.test_exports import an_api, an_environment
from tests.unit.aws.conftest import ARTIFACTS, PREFIX, SITE, World
from tests.unit.aws.fake_cloudfront import NAME as ROUTING
from tests.unit.aws.fake_lambda import NAME as FUNCTION

KEY = "incoming/smartpack/prod/1.zip"


def entry(kind: str, revision: Revision, upload: Any = None) -> PointEntry:
    """The component's line in the manifest."""
    return PointEntry(kind=kind, revision=revision.id, digest=revision.digest, part="any", sha256="any", upload=upload)


def document(world: World, name: str, revision: Revision) -> dict[str, Any]:
    """What was exported, as it is read back."""
    environment: Environment = an_environment()
    found = AwsExports(ARTIFACTS, world.clients).of(environment, name, revision)
    return dict(json.loads(json.dumps(found, default=str)))


def uploaded(world: World, body: bytes) -> Any:
    """The bundle in the bucket, pinned."""
    world.s3.put_object(Bucket=ARTIFACTS, Key=KEY, Body=body)
    return S3Bundles(world.s3).pin(ARTIFACTS, KEY, None)


def done(recovery: Recovery) -> list[str]:
    """Do all; what was done. Afterwards nothing is left to do."""
    steps = [step for step in recovery.plan() if step.level == "do"]
    for step in steps:
        step.act()
    assert [step for step in recovery.plan() if step.level != "note"] == []
    return [step.text for step in steps]


# Functions


@pytest.fixture
def released(world: World) -> tuple[World, Revision, FunctionRecovery]:
    """A function with a released version 2 on its alias, exported."""
    bundle = io.BytesIO(a_bundle(api={"memory": 256, "variables": {"LEVEL": "info"}}))
    opened = BundleArchive(bundle)
    revision = world.function().stage(opened.manifest().components["api"], opened)
    world.functions.point("live", revision.id)
    exported = document(world, "api", revision)
    target = FunctionTarget(kind="function", function_name=FUNCTION)
    upload = uploaded(world, bundle.getvalue())
    found = entry("function", revision, upload)
    return world, revision, FunctionRecovery(world.clients, ARTIFACTS, "api", target, found, exported, lambda _: None)


def next_release(world: World) -> None:
    """Another version goes live."""
    bundle = BundleArchive(io.BytesIO(a_bundle("2.0.0", b"def handler(event, context): return 2")))
    world.functions.point("live", world.function().stage(bundle.manifest().components["api"], bundle).id)


def test_what_is_as_it_was_needs_nothing(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """Nothing is planned, nothing is changed."""
    world, _, recovery = released
    world.functions.calls.clear()
    assert recovery.plan() == []
    assert world.functions.mutations == []


def test_an_alias_is_restored(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """From another version, with a share for a third one."""
    world, revision, recovery = released
    world.functions.point("live", "1", {revision.id: 0.5})
    assert done(recovery) == [f"point {FUNCTION}:live to version 2 (now: version 1 with 50% on 2)"]
    assert world.functions.live == ("2", {})


def test_a_deleted_alias_is_created(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """On the version alone."""
    world, _, recovery = released
    del world.functions.aliases["live"]
    assert done(recovery) == [f"create {FUNCTION}:live on version 2"]
    assert world.functions.live == ("2", {})


@pytest.mark.parametrize("lost", [(), ("restore-points/code/",), ("restore-points/code/", "staging/")])
def test_a_deleted_version_is_published_again(
    released: tuple[World, Revision, FunctionRecovery], lost: tuple[str, ...]
) -> None:
    """With its code, wherever that still is, and its configuration, though `$LATEST` has another's."""
    world, revision, recovery = released
    next_release(world)
    del world.functions.versions[revision.id]
    for key in world.stored(ARTIFACTS):
        if key.startswith(lost):
            world.s3.delete_object(Bucket=ARTIFACTS, Key=key)
    texts = done(recovery)
    assert [text.split(" ")[0] for text in texts] == ["publish", "point"]
    version, _ = world.functions.live
    found = world.functions.versions[version]
    assert (found["CodeSha256"], found["MemorySize"]) == (world.functions.versions[version]["CodeSha256"], 256)
    assert found["Environment"]["Variables"] == {
        "TABLE": "trips",
        "LEVEL": "info",
        "SELFRIGHT_VARIABLES": "LEVEL",
        "SELFRIGHT_SETTINGS": '{"MemorySize":[256,128]}',
    }
    assert recovery.plan() == []


def test_a_number_that_belongs_to_other_code_is_not_taken(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """A function that was deleted and made anew counts from 1 again."""
    world, revision, recovery = released
    next_release(world)
    world.functions.versions[revision.id] = {**world.functions.versions["1"], "Version": revision.id}
    assert done(recovery)[0].startswith("publish the code of version 2 again")


def test_a_variable_whose_value_was_not_kept_is_said(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """Its template has it."""
    world, revision, recovery = released
    next_release(world)
    del world.functions.versions[revision.id]
    del world.functions.latest["Environment"]["Variables"]["TABLE"]
    notes = [step.text for step in recovery.plan() if step.level == "note"]
    assert notes == ["the variable TABLE is missing, and its value was not exported: deploy the function's template"]


def test_a_person_who_is_quicker_wins(released: tuple[World, Revision, FunctionRecovery]) -> None:
    """A change after the steps were shown is not overwritten."""
    world, _, recovery = released
    world.functions.point("live", "1")
    (step,) = recovery.plan()
    world.functions.point("live", "1", {"2": 0.1})
    with pytest.raises(ConflictError):
        step.act()
    assert world.functions.live == ("1", {"2": 0.1})


# Sites


@pytest.fixture
def site(world: World) -> tuple[World, Revision, Callable[[], SiteRecovery]]:
    """A site whose first revision is live and exported."""
    bundle = io.BytesIO(a_bundle())
    component, opened = world.site(), BundleArchive(bundle)
    revision = component.stage(opened.manifest().components["site"], opened)
    component.shift(Revision(""), revision, 100, FORWARD)
    exported = document(world, "site", revision)
    found = entry("site", revision, uploaded(world, bundle.getvalue()))
    target = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING)
    return world, revision, lambda: SiteRecovery(world.clients, "site", target, found, exported)


def test_files_that_are_gone_or_changed_are_uploaded_again(
    site: tuple[World, Revision, Callable[[], SiteRecovery]],
) -> None:
    """Shared ones, the revision's own, and its index; what is there is not touched."""
    world, revision, recovery = site
    before = world.stored()
    for key in ("assets/app-1a2b3c4d.js", f"revisions/{revision.id}/index.html"):
        world.s3.delete_object(Bucket=SITE, Key=key)
    world.s3.put_object(Bucket=SITE, Key=f"revisions/{revision.id}/robots.txt", Body=b"Disallow: /")
    (text,) = done(recovery())
    assert text.startswith("upload again from the bundle: 3 files")
    assert world.stored() == before
    assert (
        world.s3.get_object(Bucket=SITE, Key=f"revisions/{revision.id}/robots.txt")["Body"].read() == b"User-agent: *"
    )
    world.s3.delete_object(Bucket=SITE, Key=next(key for key in before if key.endswith("index.json")))
    assert len(done(recovery())) == 1


def test_a_routing_function_that_somebody_replaced_is_restored(
    site: tuple[World, Revision, Callable[[], SiteRecovery]],
) -> None:
    """Whatever its code is now."""
    world, revision, recovery = site
    for stage in ("DEVELOPMENT", "LIVE"):
        world.routing.edit(stage, b"function handler(event) { return {statusCode: 410}; }")
    (text,) = done(recovery())
    assert text == f"send all visitors to revision {revision.id} (now: code that somebody edited)"
    assert world.site().current() == revision


def test_without_its_bundle_a_site_cannot_be_uploaded(site: tuple[World, Revision, Callable[[], SiteRecovery]]) -> None:
    """That is said; nothing is done for it."""
    world, revision, recovery = site
    made = recovery()
    made._entry = made._entry.model_copy(update={"upload": None})
    world.s3.delete_object(Bucket=SITE, Key=f"revisions/{revision.id}/index.html")
    (step,) = made.plan()
    assert step.level == "cannot"


# Parameters


def test_settings_and_their_pointer_are_restored(world: World) -> None:
    """Changed, deleted and added values, then the pointer."""
    put = lambda name, value: world.ssm.put_parameter(  # noqa: E731
        Name=f"{PREFIX}/{name}", Value=value, Type="String", Overwrite=True
    )
    put("revisions/aa/HUT", "Spruce")
    put("revisions/aa/BEDS", "4")
    put("current", "aa")
    exported = document(world, "settings", Revision("aa"))
    target = ParametersTarget(kind="parameters", prefix=PREFIX)
    recovery = ParametersRecovery(world.clients, "settings", target, entry("parameters", Revision("aa")), exported)
    assert recovery.plan() == []
    put("revisions/aa/HUT", "Pine")
    put("revisions/aa/EXTRA", "1")
    world.ssm.delete_parameter(Name=f"{PREFIX}/revisions/aa/BEDS")
    put("current", "bb")
    assert len(done(recovery)) == 4
    assert world.ssm.get_parameter(Name=f"{PREFIX}/current")["Parameter"]["Value"] == "aa"
    assert document(world, "settings", Revision("aa")) == exported


@pytest.mark.parametrize("now", ["Larch", None])
def test_a_setting_that_changes_meanwhile_is_left_alone(world: World, now: str | None) -> None:
    """To another value, or because somebody deletes it."""
    place = f"{PREFIX}/revisions/aa/HUT"
    put = lambda value: world.ssm.put_parameter(Name=place, Value=value, Type="String", Overwrite=True)  # noqa: E731
    put("Spruce")
    exported = document(world, "settings", Revision("aa"))
    target = ParametersTarget(kind="parameters", prefix=PREFIX)
    put("Pine")
    found = entry("parameters", Revision("aa"))
    step, *_ = ParametersRecovery(world.clients, "settings", target, found, exported).plan()
    if now:
        put(now)
    else:
        world.ssm.delete_parameter(Name=place)
    with pytest.raises(ChangedByOthersError):
        step.act()
    assert document(world, "settings", Revision("aa"))["values"] == ({"HUT": now} if now else {})


# HTTP APIs


@pytest.fixture
def api(world: World) -> tuple[Any, str, Callable[[], ApiRecovery]]:
    """An HTTP API, exported."""
    clients = world.clients
    api_id = an_api(clients)
    exported = json.loads(json.dumps(HttpApiExport(clients, api_id).document(), default=str))
    return clients.gateway, api_id, lambda: ApiRecovery(clients, "api", exported)


def routes(gateway: Any, api_id: str) -> dict[str, str]:
    """Route → target."""
    return {one["RouteKey"]: one["Target"] for one in gateway.get_routes(ApiId=api_id)["Items"]}


def test_cors_and_routes_are_restored(api: tuple[Any, str, Callable[[], ApiRecovery]]) -> None:
    """What is gone is created, what was added is deleted; untouched parts stay."""
    gateway, api_id, recovery = api
    assert recovery().plan() == []
    before = routes(gateway, api_id)
    (route,) = gateway.get_routes(ApiId=api_id)["Items"]
    gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    gateway.create_route(ApiId=api_id, RouteKey="GET /debug", Target=route["Target"])
    gateway.update_api(ApiId=api_id, CorsConfiguration={"AllowOrigins": ["*"]})
    texts = done(recovery())
    assert [text.split(": ")[1] for text in texts] == [
        "restore CORS",
        "create the route GET /health again",
        "delete the route GET /debug, which did not exist then",
    ]
    assert routes(gateway, api_id) == before
    assert gateway.get_api(ApiId=api_id)["CorsConfiguration"]["AllowOrigins"] == ["https://shop.example"]


def test_an_integration_is_made_again_and_its_routes_lead_to_it(
    api: tuple[Any, str, Callable[[], ApiRecovery]],
) -> None:
    """It has a new id then."""
    gateway, api_id, recovery = api
    (route,) = gateway.get_routes(ApiId=api_id)["Items"]
    gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    gateway.delete_integration(ApiId=api_id, IntegrationId=route["Target"].partition("/")[2])
    steps = recovery().plan()
    (note,) = [step.text for step in steps if step.level == "note"]
    assert " comes without append:header.key; its value was not exported" in note
    for step in steps:
        step.act()
    (integration,) = gateway.get_integrations(ApiId=api_id)["Items"]
    assert routes(gateway, api_id) == {"GET /health": f"integrations/{integration['IntegrationId']}"}
    assert integration["IntegrationUri"] == "https://backend.example"
    assert recovery().plan() == []


def test_an_integration_whose_address_was_left_out_comes_from_its_stack(world: World) -> None:
    """Nothing but the template has the address; as long as it is there, it is neither compared nor written."""
    clients = world.clients
    api_id = an_api(clients)
    (route,) = clients.gateway.get_routes(ApiId=api_id)["Items"]
    key = route["Target"].partition("/")[2]
    secret = "https://any:hunter2-hunter2@backend.example"
    clients.gateway.update_integration(ApiId=api_id, IntegrationId=key, IntegrationUri=secret)
    exported = json.loads(json.dumps(HttpApiExport(clients, api_id).document(), default=str))
    assert ApiRecovery(clients, "api", exported).plan() == []
    clients.gateway.delete_integration(ApiId=api_id, IntegrationId=key)
    (step,) = ApiRecovery(clients, "api", exported).plan()
    assert (step.level, "its address was not exported" in step.text) == ("cannot", True)


def test_an_api_that_changes_meanwhile_is_left_alone(api: tuple[Any, str, Callable[[], ApiRecovery]]) -> None:
    """It has no conditional writes, so it is read again before the first change."""
    gateway, api_id, recovery = api
    gateway.update_api(ApiId=api_id, CorsConfiguration={"AllowOrigins": ["*"]})
    (step,) = recovery().plan()
    gateway.update_api(ApiId=api_id, CorsConfiguration={"AllowOrigins": ["https://mine.example"]})
    with pytest.raises(ChangedByOthersError):
        step.act()
    assert gateway.get_api(ApiId=api_id)["CorsConfiguration"]["AllowOrigins"] == ["https://mine.example"]


def test_an_api_that_is_gone_comes_from_its_stack(api: tuple[Any, str, Callable[[], ApiRecovery]]) -> None:
    """Nothing else knows its domain."""
    gateway, api_id, recovery = api
    gateway.delete_api(ApiId=api_id)
    steps: list[RecoveryStep] = recovery().plan()
    assert [step.level for step in steps] == ["cannot"]


@pytest.mark.parametrize(
    ("had", "wanted"),
    [
        ({"DefaultRouteSettings": {"ThrottlingRateLimit": 100.0}}, {"throttlingRateLimit": 100.0}),
        ({"AutoDeploy": False, "DeploymentId": "d1"}, "d1"),
    ],
)
def test_a_stage_is_restored(api: tuple[Any, str, Callable[[], ApiRecovery]], had: dict[str, Any], wanted: Any) -> None:
    """Its throttling, or the deployment that it served; moto cannot change stages, so the request is looked at."""
    gateway, api_id, recovery = api
    asked: list[dict[str, Any]] = []

    def answer(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        asked.append(json.loads(params["body"]))
        return type("Http", (), {"status_code": 200, "headers": {}})(), {}

    gateway.meta.events.register("before-call.apigatewayv2.UpdateStage", answer)
    made = recovery()
    (stage,) = made._had["stages"]
    stage |= had
    (step,) = made.plan()
    assert step.text == f"HTTP API {api_id}: restore the stage $default"
    step.act()
    assert wanted in (asked[0].get("defaultRouteSettings"), asked[0].get("deploymentId"))


def test_a_stage_that_always_serves_the_newest_needs_no_deployment(
    api: tuple[Any, str, Callable[[], ApiRecovery]],
) -> None:
    """API Gateway makes one with every change, and takes none from us."""
    _, _, recovery = api
    made = recovery()
    (stage,) = made._had["stages"]
    stage |= {"AutoDeploy": True, "DeploymentId": "of then"}
    assert made.plan() == []
