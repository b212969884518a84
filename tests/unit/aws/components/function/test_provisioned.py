"""Provisioned concurrency: a version is warm before it has visitors, and unused warm instances are removed."""

import io

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Pending, Revision
from controller.errors import AwsError
from tests.builders import a_bundle
from tests.unit.aws.conftest import World


def stage(world: World, code: bytes = b"# new", warm: int | None = 5) -> Revision | Pending:
    """Stage the function in an environment with this number of warm instances."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=code)))
    artifact = bundle.manifest().components["api"]
    return world.function(provisioned_concurrency=warm).stage(artifact, bundle)


def ready(world: World, version: str) -> None:
    """AWS has made the instances."""
    world.functions.warm[version]["Status"] = "READY"


def staged(world: World, code: bytes = b"# new") -> Revision:
    """Stage a version with its warm instances."""
    assert isinstance(stage(world, code), Pending)
    ready(world, max(world.functions.versions, key=int))
    revision = stage(world, code)
    assert isinstance(revision, Revision)
    return revision


def test_a_new_version_is_warm_before_it_is_staged(world: World) -> None:
    """Staging is pending while AWS makes the instances; a second call makes no other version and no more instances."""
    first, second = stage(world), stage(world)
    assert isinstance(first, Pending)
    assert first == second
    assert "5 warm instances of version 2" in first.doing
    ready(world, "2")
    revision = stage(world)
    assert isinstance(revision, Revision)
    assert revision.id == "2"
    assert world.functions.calls.count("put_provisioned_concurrency_config") == 1
    assert set(world.functions.versions) == {"1", "2"}


def test_another_number_is_set_even_when_nothing_else_changed(world: World) -> None:
    """The number comes from the environment, not from the release."""
    revision = staged(world)
    world.functions.point("live", revision.id)
    assert isinstance(stage(world, warm=7), Pending)
    assert world.functions.warm[revision.id]["RequestedProvisionedConcurrentExecutions"] == 7


def test_instances_that_aws_cannot_make_are_reported_and_not_paid_for(world: World) -> None:
    """The message has the reason and the next step."""
    stage(world)
    world.functions.warm["2"] |= {"Status": "FAILED", "StatusReason": "Quota exceeded."}
    with pytest.raises(
        AwsError, match=r"did not get 5 warm instances: Quota exceeded\. Lower `provisioned_concurrency`"
    ):
        stage(world)
    assert not world.functions.warm


def test_the_live_version_keeps_its_warm_instances_when_aws_cannot_make_more(world: World) -> None:
    """A release that only wants more instances must not leave the visitors with none."""
    revision = staged(world)
    world.functions.point("live", revision.id)
    stage(world, warm=700)
    world.functions.warm[revision.id] |= {"Status": "FAILED", "AllocatedProvisionedConcurrentExecutions": 5}
    with pytest.raises(AwsError, match="did not get 700 warm instances"):
        stage(world, warm=700)
    assert world.functions.warm[revision.id]["RequestedProvisionedConcurrentExecutions"] == 5


def test_the_old_version_loses_its_warm_instances_when_no_alias_uses_it(world: World) -> None:
    """The prune after the release removes them; the version itself stays for a rollback."""
    first = staged(world, b"# 1")
    world.functions.point("live", first.id)
    second = staged(world, b"# 2")
    assert set(world.functions.warm) == {first.id, second.id}
    world.functions.point("live", second.id)
    world.function(provisioned_concurrency=5).prune([first, second], 5)
    assert set(world.functions.warm) == {second.id}
    assert first.id in world.functions.versions


def test_while_visitors_are_divided_both_versions_stay_warm(world: World) -> None:
    """A version that an alias uses stays warm."""
    first = staged(world, b"# 1")
    world.functions.point("live", first.id)
    second = staged(world, b"# 2")
    world.functions.point("live", first.id, {second.id: 0.1})
    world.function(provisioned_concurrency=5).prune([first, second], 5)
    assert set(world.functions.warm) == {first.id, second.id}


def test_a_release_that_is_rolled_back_leaves_no_warm_instances(world: World) -> None:
    """They are removed before the version; AWS would not delete it otherwise."""
    revision = staged(world)
    assert world.function(provisioned_concurrency=5).discard(revision)
    assert not world.functions.warm
    assert set(world.functions.versions) == {"1"}


def test_zero_removes_the_warm_instances_of_a_live_version_that_stays(world: World) -> None:
    """A release that does not change the function applies 0, too; without the key, the instances stay."""
    revision = staged(world)
    world.functions.point("live", revision.id)
    assert stage(world, warm=None) == revision
    assert set(world.functions.warm) == {revision.id}
    assert stage(world, warm=0) == revision
    assert not world.functions.warm


def test_a_version_of_the_template_loses_its_warm_instances(world: World) -> None:
    """It may be live during releases of other components, before this function's first release."""
    world.functions.put_provisioned_concurrency_config(Qualifier="1", ProvisionedConcurrentExecutions=5)
    before = world.function().current()
    revision = staged(world)
    world.functions.point("live", revision.id)
    world.function(provisioned_concurrency=5).prune([revision, before], 5)
    assert set(world.functions.warm) == {revision.id}


def test_without_the_key_nothing_is_touched_and_zero_removes_warm_instances(world: World) -> None:
    """Without the key, people manage them; 0 removes the instances of older releases, and only those."""
    revision = staged(world)
    world.functions.point("live", revision.id)
    world.functions.calls.clear()
    world.function().prune([], 5)
    assert isinstance(stage(world, b"# other", warm=None), Revision)
    assert not [call for call in world.functions.calls if "provisioned" in call]
    world.functions.put_provisioned_concurrency_config(Qualifier="1", ProvisionedConcurrentExecutions=1)
    world.function(provisioned_concurrency=0).prune([], 5)
    assert set(world.functions.warm) == {"1"}
