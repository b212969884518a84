"""Validate bundle: what may be released, what may not, and that nothing is touched either way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.checks.verification import read_check
from controller.domain.components.image.target import ImageTarget
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.validate import validate
from tests.builders import BundleParts, a_bundle, bundle_parts, digest
from tests.fakes import FakeWorld
from tests.image_layouts import CODE, image_bundle
from tests.unit.flow.scenes import KEY, a_deployment, a_world, an_environment


def uploaded(bundle: bytes) -> FakeWorld:
    """A world in which this bundle was received."""
    world = a_world()
    deployment = a_deployment(world, Phase.RECEIVED, version="", digest="", components=(), checks=())
    world.bundles.objects[deployment.upload.key] = bundle
    return world


def test_a_good_bundle_is_valid() -> None:
    """Version, components and checks are in the ledger from now on."""
    world = uploaded(a_bundle("2.1.0"))
    assert validate(world, "d2").outcome == "valid"
    deployment = world.deployments.get("d2")
    assert (deployment.version, deployment.components) == ("2.1.0", ("api", "site"))
    assert [check[:18] for check in deployment.checks] == ['{"component":"api"', '{"component":"site']
    assert len(deployment.digest) == 64


def test_what_people_should_know_is_in_the_timeline() -> None:
    """The ledger says before anything is touched what `plan` says."""
    world = uploaded(a_bundle(checks=()))
    validate(world, "d2")
    said = [event.message for event in world.deployments.events["d2"] if event.kind == EventKind.REMARK]
    assert [one[:31] for one in said if "No check" in one] == [
        "api: No check looks at it, so a",
        "site: No check looks at it, so ",
    ]


def test_what_is_odd_beside_what_is_live_is_in_the_timeline() -> None:
    """An older version, and a component that the bundle does not have any more."""
    world = uploaded(a_bundle("1.0.9"))
    live = a_deployment(world, Phase.SUCCEEDED, "d1", version="1.0.10", previous="", staged={"jobs": Revision("1")})
    world.locks.known[KEY] = Lock(KEY, live=live.deployment_id)
    jobs = {"kind": "parameters", "prefix": "/smartpack/prod/jobs"}
    known = an_environment().model_dump()["components"]
    world.environments.known[KEY] = an_environment(components={**known, "jobs": jobs})
    validate(world, "d2")
    said = [event.message for event in world.deployments.events["d2"] if event.kind == EventKind.REMARK]
    assert said[:2] == [
        "Version 1.0.9 is older than 1.0.10, which is live.",
        "jobs: It is not in this bundle, so what is live of it stays.",
    ]


def test_a_check_keeps_unusual_values() -> None:
    """Fractions and nulls in a check's body come out of the ledger as they went in."""
    body = {"temperature": 21.5, "nothing": None, "deep": [[{"a": 1e300}]]}
    world = uploaded(a_bundle(checks=({"component": "api", "path": "/", "method": "POST", "body": body},)))
    validate(world, "d2")
    assert '"temperature":21.5,"nothing":null' in world.deployments.get("d2").checks[0]


def test_a_check_is_kept_with_the_values_of_this_environment() -> None:
    """What the release must answer stays the same for as long as it is live, whatever CDK registers meanwhile."""
    world = uploaded(a_bundle(checks=({"component": "api", "path": "/", "contains": "in ${PLACE}"},)))
    environment_with_variables(world, {"PLACE": "prod"})
    validate(world, "d2")
    assert '"contains":"in prod"' in world.deployments.get("d2").checks[0]


def test_a_check_with_an_unknown_variable_is_rejected() -> None:
    """It is rejected before anything is touched, and the ledger has its version."""
    world = uploaded(a_bundle("2.1.0", checks=({"component": "api", "path": "/", "contains": "in ${PLACE}"},)))
    assert "${PLACE} is not a variable of api here (it has: none)" in rejected(world)
    assert world.deployments.get("d2").version == "2.1.0"


def test_validating_twice_is_the_same() -> None:
    """A retried state finds what it wrote."""
    world = uploaded(a_bundle())
    assert validate(world, "d2") == validate(world, "d2")


def rejected(world: FakeWorld) -> str:
    """The reason for which it is rejected, with a next step, and nothing touched, twice."""
    card = validate(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert card.deployment.next_step
    assert validate(world, "d2").document() == card.document()
    assert world.notifications.sent == [("d2", Phase.REJECTED)]
    assert not any(component.moves for component in world.components.known.values())
    return str(card.deployment.reason)


def test_what_is_no_bundle_is_rejected() -> None:
    """Anything can be uploaded."""
    assert rejected(uploaded(b"not a zip"))


def test_another_applications_bundle_is_rejected() -> None:
    """An application's bundle cannot touch another's resources."""
    assert "release of 'other'" in rejected(uploaded(a_bundle(application="other")))


def test_an_unknown_environment_is_rejected() -> None:
    """No environment is registered under that name."""
    world = uploaded(a_bundle())
    world.environments.known.clear()
    assert "No environment smartpack/prod" in rejected(world)


def environment_with_variables(world: FakeWorld, variables: Mapping[str, str]) -> None:
    """The environment gives the API these variables."""
    now = world.environments.known[KEY]
    api = now.components["api"].model_copy(update={"variables": dict(variables)})
    world.environments.known[KEY] = now.model_copy(update={"components": {**now.components, "api": api}})


def environment_with(world: FakeWorld, name: str) -> Environment:
    """The environment, with only this component, which is a site."""
    known = world.environments.known[KEY]
    return known.model_copy(update={"components": {name: known.components["site"]}})


def test_a_component_that_the_environment_does_not_have_is_rejected() -> None:
    """The reason lists what there is."""
    world = uploaded(a_bundle())
    world.environments.known[KEY] = environment_with(world, "site")
    assert "no such component (it has: site)" in rejected(world)


def test_a_component_of_another_kind_is_rejected() -> None:
    """A function cannot be deployed to a bucket."""
    world = uploaded(a_bundle())
    world.environments.known[KEY] = environment_with(world, "api")
    assert "is a function in the bundle and a site" in rejected(world)


def test_a_url_that_may_not_be_checked_is_rejected() -> None:
    """It is rejected before anything is staged, and the next step says what to do."""
    world = uploaded(a_bundle())
    world.probe.private["https://api.example"] = "api.example leads to the private address 10.0.0.7"
    told = "components.api: the URL https://api.example in smartpack/prod may not be checked: api.example leads to"
    assert told in rejected(world)
    assert "`allow_private_urls`" in world.deployments.get("d2").next_step


@pytest.mark.parametrize("way", ["allowed", "not checked from outside"])
def test_a_private_url_that_is_meant_is_fine(way: str) -> None:
    """The environment allows it, or no check requests it."""
    only: Mapping[str, Any] = {"component": "api", "path": "/", "only": "staged"}
    world = uploaded(a_bundle(checks=(only,)) if way != "allowed" else a_bundle())
    world.environments.known[KEY] = an_environment(allow_private_urls=way == "allowed")
    world.probe.private["https://api.example"] = "api.example leads to the private address 10.0.0.7"
    assert validate(world, "d2").outcome == "valid"


def test_the_load_is_kept_with_the_checks() -> None:
    """The test before traffic finds it there."""
    parts = bundle_parts()
    parts.manifest["verification"]["load"] = {"component": "api", "path": "/health", "p95_ms": 500}
    world = uploaded(parts.pack())
    validate(world, "d2")
    assert [read_check(text).kind for text in world.deployments.get("d2").checks] == ["http", "http", "load"]


def image_uploaded(parts: BundleParts, platform: str = "linux/amd64") -> FakeWorld:
    """A world whose environment has the component `ai`, and in which this bundle was received."""
    world = uploaded(parts.pack())
    target = ImageTarget(kind="image", function_name="ai", repository="ai", platform=platform)  # type: ignore[arg-type]
    world.environments.known[KEY] = world.environments.known[KEY].model_copy(update={"components": {"ai": target}})
    return world


def test_an_image_for_the_environments_platform_is_valid() -> None:
    """The layout has it."""
    assert validate(image_uploaded(image_bundle()), "d2").outcome == "valid"


def test_an_image_for_another_platform_is_rejected() -> None:
    """The reason says which component, and which platforms there are."""
    reason = rejected(image_uploaded(image_bundle(), "linux/arm64"))
    assert reason == "components.ai: the image for linux/arm64 is not in the layout (there are: linux/amd64)."


def test_an_image_with_a_wrong_layer_is_rejected() -> None:
    """Every layer is compared with its digest before anything is touched."""
    parts = image_bundle()
    path = f"ai/blobs/sha256/{digest(CODE).removeprefix('sha256:')}"
    parts.files[path] = bytes(len(CODE))
    assert f"'{path}' does not match its digest" in rejected(image_uploaded(parts))


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED])
def test_a_version_that_was_rolled_back_is_rejected(phase: Phase) -> None:
    """A bad version is not deployed again under the same name."""
    world = uploaded(a_bundle("1.2.0"))
    world.versions.previous_attempts[KEY, "1.2.0"] = ("whatever", phase)
    assert "was rolled back" in rejected(world)


def test_a_retry_of_the_same_contents_is_valid() -> None:
    """A person has said why, when it was uploaded."""
    world = uploaded(a_bundle("1.2.0"))
    validate(world, "d2")
    deployment = world.deployments.get("d2")
    world.versions.previous_attempts[KEY, "1.2.0"] = (deployment.digest, Phase.ROLLED_BACK)
    world.deployments.known["d2"] = replace(deployment, upload=replace(deployment.upload, retry="The test was wrong."))
    assert validate(world, "d2").outcome == "valid"


def test_a_version_with_other_contents_is_rejected() -> None:
    """A version never changes."""
    world = uploaded(a_bundle("1.2.0"))
    world.versions.previous_attempts[KEY, "1.2.0"] = ("other", Phase.SUCCEEDED)
    assert "other contents" in rejected(world)


def test_a_version_that_succeeded_may_come_again() -> None:
    """The same contents under the same version are no harm."""
    world = uploaded(a_bundle("1.2.0"))
    validate(world, "d2")
    digest = world.deployments.get("d2").digest
    world.versions.previous_attempts[KEY, "1.2.0"] = (digest, Phase.SUCCEEDED)
    assert validate(world, "d2").outcome == "valid"


def test_what_has_moved_on_is_not_validated_any_more() -> None:
    """A late call writes nothing."""
    world = uploaded(a_bundle())
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.STAGING)
    with pytest.raises(LedgerConflictError):
        validate(world, "d2")


def test_checks_that_would_fill_the_ledger_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their variables filled in, they could leave no room for a trip."""
    monkeypatch.setattr("controller.domain.bundle.acceptance.MOST_BYTES", 10)
    assert "10 are allowed" in rejected(uploaded(a_bundle("1.2.0")))
