"""A function's own code and configuration after a rollback: stable's, unless somebody else has changed them."""

import base64
import io
from typing import Any

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Left, Pending, Revision
from tests.builders import a_bundle
from tests.unit.aws.conftest import ARTIFACTS, World
from tests.unit.aws.fake_lambda import sha

CODE, BETTER = b"def handler(event, context): ...", b"def handler(event, context): return 2"
FIRST = Revision("1")


def release(world: World, code: bytes = BETTER, **api: Any) -> Any:  # noqa: ANN401 - a revision
    """Stage this code and configuration."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=code, api=api)))
    return world.function().stage(bundle.manifest().components["api"], bundle)


def unstage(world: World, stable: Revision, code: bytes = BETTER, **api: Any) -> Any:  # noqa: ANN401 - as the port's
    """Unstage the same again."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=code, api=api)))
    return world.function().unstage(bundle.manifest().components["api"], bundle, stable)


def keep_first_code(world: World) -> None:
    """The code that no release brought was kept with the restore point."""
    digest = base64.b64decode(sha(b"placeholder")).hex()
    world.s3.put_object(Bucket=ARTIFACTS, Key=f"staging/{digest}.zip", Body=b"placeholder")


def own(world: World) -> dict[str, Any]:
    """What callers without the alias run, without what changes with every write."""
    volatile = {"RevisionId", "Version", "Description", "LastUpdateStatus"}
    return {name: value for name, value in world.functions.latest.items() if name not in volatile}


def test_after_the_first_release_the_template_is_back(world: World) -> None:
    """Code, settings and variables are as before it, and nothing of the release's bookkeeping is left."""
    keep_first_code(world)
    before = own(world)
    given: dict[str, Any] = {"memory": 512, "variables": {"MODE": "fast", "TABLE": "other"}}
    release(world, **given)
    assert own(world) != before
    assert unstage(world, FIRST, **given) is None
    assert own(world) == before


def test_what_the_release_before_had_set_is_set_again(world: World) -> None:
    """Its variables and settings with their values; the alias and all versions stay."""
    stable = release(world, CODE, memory=256, variables={"MODE": "slow"})
    world.functions.point("live", stable.id)
    before = own(world)
    release(world, memory=1024, variables={"NEW": "1"})
    versions = dict(world.functions.versions)
    assert unstage(world, stable, memory=1024, variables={"NEW": "1"}) is None
    assert own(world) == before
    assert (world.functions.versions, world.functions.live) == (versions, (stable.id, {}))


def test_doing_it_twice_changes_nothing_more(world: World) -> None:
    """Every state may run twice."""
    stable = release(world, CODE)
    release(world)
    unstage(world, stable)
    world.functions.calls.clear()
    assert unstage(world, stable) is None
    assert world.functions.mutations == []


def test_a_staging_that_stopped_half_way_is_undone(world: World) -> None:
    """The configuration was written, and the code was not."""
    stable = release(world, CODE, variables={"MODE": "slow"})
    world.functions.point("live", stable.id)
    before = own(world)
    world.functions.latest["Environment"] = {
        "Variables": {"TABLE": "trips", "MODE": "x", "SELFRIGHT_VARIABLES": "MODE"}
    }
    assert unstage(world, stable, variables={"MODE": "x"}) is None
    assert own(world) == before


def test_code_that_somebody_else_has_put_there_stays(world: World) -> None:
    """It is neither the release's nor stable's, so it is a person's."""
    stable = release(world, CODE)
    release(world)
    world.functions.latest["CodeSha256"] = sha(b"a person's")
    world.functions.calls.clear()
    assert isinstance(unstage(world, stable), Left)
    assert world.functions.mutations == []


def test_a_variable_that_somebody_else_has_changed_stays(world: World) -> None:
    """The same holds for the configuration."""
    stable = release(world, CODE)
    release(world, variables={"MODE": "fast"})
    world.functions.latest["Environment"]["Variables"]["MODE"] = "a person's"
    assert isinstance(unstage(world, stable, variables={"MODE": "fast"}), Left)


def test_a_change_of_the_template_stays(world: World) -> None:
    """What was deployed to the function meanwhile, and no release has set, reaches visitors with the next release."""
    stable = release(world, CODE)
    world.functions.latest["MemorySize"] = 2048
    release(world)
    assert unstage(world, stable) is None
    assert world.functions.latest["MemorySize"] == 2048
    assert world.functions.latest["CodeSha256"] == world.functions.versions[stable.id]["CodeSha256"]


def test_a_change_at_the_same_time_is_not_overwritten(world: World) -> None:
    """The write depends on the revision id that was read; then it is read again, and is not the release's any more."""
    stable = release(world, CODE)
    release(world)

    def hand() -> None:
        world.functions.latest |= {"CodeSha256": sha(b"a person's"), "RevisionId": "a person's"}

    world.functions.before["update_function_code"] = hand
    assert isinstance(unstage(world, stable), Left)
    assert world.functions.latest["CodeSha256"] == sha(b"a person's")


def test_a_slow_update_is_asked_for_again(world: World) -> None:
    """Lambda needs minutes for some functions: the workflow waits, and a later call finds it done."""
    stable = release(world, CODE)
    release(world)
    world.functions.polls = 1000
    assert isinstance(unstage(world, stable), Pending)
    world.functions.left = 1
    assert unstage(world, stable) is None


def test_what_was_unstaged_and_deleted_can_be_staged_again(world: World) -> None:
    """Lambda may answer with the version of the same contents that it made last, though that was deleted since."""
    stable = release(world, CODE)
    world.functions.point("live", stable.id)
    bad = release(world)
    unstage(world, stable)
    assert world.function().discard(bad)
    world.functions.remembers = True

    def same_contents() -> None:
        world.functions.published["RevisionId"] = world.functions.latest["RevisionId"]

    world.functions.before["publish_version"] = same_contents
    assert release(world).id in world.functions.versions
