"""A function's own code and configuration after a rollback: stable's, unless somebody else has changed them."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Deployment, Left, Pending, Revision, Upload
from controller.domain.phases import Phase
from controller.errors import LedgerConflictError
from controller.ports.components import Context
from tests.builders import a_bundle
from tests.fakes import START
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


def over() -> None:
    """The permit of a deployment that has ended."""
    msg = "It has ended."
    raise LedgerConflictError(msg)


def permits(count: int) -> Callable[[], None]:
    """The permit of a deployment that ends after it was asked so often."""
    left = iter(range(count))

    def permit() -> None:
        if next(left, None) is None:
            over()

    return permit


def a_context(permit: Callable[[], object] = lambda: None, **staged: Revision) -> Context:
    """Of a deployment that has staged these."""
    upload = Upload(ARTIFACTS, "incoming/smartpack/prod/x.zip", "v1", 1, START)
    one = Deployment("d2", "smartpack", "prod", Phase.ROLLING_BACK, upload, "arn", START, START, staged=staged)
    return Context(one, permit)


def act(world: World, context: Context, what: str) -> Any:  # noqa: ANN401 - as the port's
    """Stage, or unstage back to the first version, for this deployment."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=BETTER, api={"memory": 512})))
    component, artifact = world.function(context), bundle.manifest().components["api"]
    return component.stage(artifact, bundle) if what == "stage" else component.unstage(artifact, bundle, FIRST)


def before(world: World, what: str) -> None:
    """What `act` begins with."""
    keep_first_code(world)
    if what == "unstage":
        release(world, memory=512)
    world.functions.calls.clear()


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


@pytest.mark.parametrize("what", ["stage", "unstage"])
def test_a_call_that_comes_too_late_writes_nothing(world: World, what: str) -> None:
    """Its deployment has ended meanwhile, and what is in the function may be the next release's."""
    before(world, what)
    with pytest.raises(LedgerConflictError):
        act(world, a_context(over), what)
    assert world.functions.mutations == []


@pytest.mark.parametrize("what", ["stage", "unstage"])
def test_the_permit_is_asked_for_before_each_of_the_two_writes(world: World, what: str) -> None:
    """The deployment ends between configuration and code."""
    before(world, what)
    with pytest.raises(LedgerConflictError):
        act(world, a_context(permits(1)), what)
    assert world.functions.mutations == ["update_function_configuration"]


def test_a_staging_that_was_overtaken_does_not_write_over_the_next_release(world: World) -> None:
    """Its condition has failed, so it reads again, and asks again whether it may."""
    left: list[dict[str, Any]] = []

    def next_one() -> None:
        release(world, b"the next one's", memory=1024)
        left.append(own(world))

    world.functions.before["update_function_configuration"] = next_one
    with pytest.raises(LedgerConflictError):
        act(world, a_context(permits(1)), "stage")
    assert [own(world)] == left


def test_a_staging_that_has_not_written_yet_cannot_write_after_it(world: World) -> None:
    """An interrupted one may still be on its way: the function is written as it is, which takes its condition away."""
    before, read = own(world), world.functions.latest["RevisionId"]
    assert act(world, a_context(), "unstage") is None
    assert own(world) == before
    with pytest.raises(ClientError, match="PreconditionFailed"):
        world.functions.update_function_configuration(FunctionName="x", RevisionId=read)


def test_a_staging_that_has_ended_is_not_shut_out(world: World) -> None:
    """It cannot write any more, so the function is not touched for it."""
    world.functions.calls.clear()
    assert act(world, a_context(api=Revision("2")), "unstage") is None
    assert world.functions.mutations == []
