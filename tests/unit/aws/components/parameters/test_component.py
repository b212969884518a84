"""The component `parameters`: revisions that never change, and the pointer to the live one."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.aws.client.clients import Clients
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import make_manifest
from controller.domain.components.parameters.values import parse_parameters
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, InvalidBundleError, TransientError, TrippedError
from controller.seen_again import PAUSES
from tests.builders import bundle_parts
from tests.fences import BACK, FORWARD, back, forward
from tests.unit.aws.conftest import PREFIX, World

ONE, TWO = {"GREETING": "Hello", "RATE": "1"}, {"GREETING": "Hi", "RATE": "1"}
MANY = {f"NAME_{number}": str(number) for number in range(25)}


def staged(world: World, values: dict[str, str]) -> Revision:
    """Stage a bundle with these parameters."""
    bundle = BundleArchive(io.BytesIO(bundle_parts().with_parameters(values).pack()))
    return world.settings().stage(bundle.manifest().components["settings"], bundle)


def documented(language: str, beginning: str) -> str:
    """The documentation's example with this beginning."""
    page = (Path(__file__).parents[5] / "docs" / "bundle.md").read_text()
    (found,) = re.findall(rf"^```{language}\n({beginning}.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(found)


def read(world: World) -> dict[str, str]:
    """The parameters that the application reads, by the documentation's own example."""
    names: dict[str, Any] = {}
    exec(documented("python", "def settings"), names)  # noqa: S102 - our own documentation
    return dict(names["settings"](world.ssm, PREFIX))


def test_the_documented_files_are_valid() -> None:
    """The controller accepts the documentation's examples of parameters and of secrets."""
    assert parse_parameters(documented("yaml", "# settings").encode(), "settings.yaml").values["MAX_DAYS"] == "21"
    needs = yaml.safe_load(documented("yaml", "secrets"))
    assert make_manifest({**bundle_parts().manifest, **needs}).secrets[0].keys == ("OPENAI_KEY", "DATABASE_URL")


def point(world: World, revision: str) -> None:
    """A person moves the pointer."""
    world.ssm.put_parameter(Name=f"{PREFIX}/current", Value=revision, Type="String", Overwrite=True)


def pointer(world: World) -> str:
    """The value of the pointer."""
    return str(world.ssm.get_parameter(Name=f"{PREFIX}/current")["Parameter"]["Value"])


@pytest.fixture
def on_one(world: World) -> World:
    """The first revision is live and the second is staged."""
    first = staged(world, ONE)
    staged(world, TWO)
    world.settings().shift(Revision(""), first, 100, FORWARD)
    world.ssm_calls.clear()
    return world


def first(world: World) -> Revision:
    """The revision that is live in `on_one`."""
    return staged(world, ONE)


def test_before_the_first_release_there_is_no_revision(world: World) -> None:
    """Nothing needs to be created by hand or by a template."""
    assert world.settings().current() == Revision("")


def test_staging_writes_a_revision_that_is_not_live(on_one: World) -> None:
    """The application still reads its former set."""
    assert read(on_one) == ONE


def test_a_release_moves_the_application_to_a_complete_set(on_one: World) -> None:
    """One write moves the pointer, so all values belong together; a rollback is one write, too."""
    component = on_one.settings()
    stable, canary = component.current(), staged(on_one, TWO)
    component.shift(stable, canary, 100, FORWARD)
    assert read(on_one) == TWO
    component.restore(stable, canary, BACK)
    assert read(on_one) == ONE
    assert on_one.ssm_mutations == ["PutParameter"] * 2


def test_many_parameters_are_staged_listed_and_checked(world: World) -> None:
    """SSM lists ten parameters in each call."""
    revision = staged(world, MANY)
    world.settings().shift(Revision(""), revision, 100, FORWARD)
    assert read(world) == MANY
    assert [result.passed for result in world.settings().check(revision, [])] == [True]


def test_an_unchanged_set_is_not_written_again(on_one: World) -> None:
    """An unchanged set is the live revision, and no call changes anything."""
    assert staged(on_one, ONE) == on_one.settings().current()
    assert on_one.ssm_mutations == []


def test_an_interrupted_staging_is_finished(world: World) -> None:
    """Parameters that exist are compared, and missing ones are created."""
    revision = staged(world, MANY)
    world.ssm.delete_parameters(Names=[f"{PREFIX}/revisions/{revision.id}/NAME_{number}" for number in range(3)])
    world.ssm_calls.clear()
    assert staged(world, MANY) == revision
    assert world.ssm_mutations == ["PutParameter"] * 3


def test_two_stagings_at_once_agree(world: World) -> None:
    """The slower one finds the parameter with the right value."""
    world.before_ssm["PutParameter"] = lambda: staged(world, ONE)
    assert world.settings().check(staged(world, ONE), [])[0].passed


@pytest.mark.parametrize("change", ["edited", "added", "edited at the same time"])
def test_a_revision_that_somebody_changed_is_not_overwritten(world: World, change: str) -> None:
    """The application would read it under an id that stands for other values."""
    path = f"{PREFIX}/revisions/{staged(world, ONE).id}/"

    def edit() -> None:
        name = "EXTRA" if change == "added" else "GREETING"
        world.ssm.put_parameter(Name=path + name, Value="mine", Type="String", Overwrite=True)

    if change == "edited at the same time":
        world.ssm.delete_parameter(Name=f"{path}GREETING")
        world.before_ssm["PutParameter"] = edit
    else:
        edit()
    with pytest.raises(ChangedByOthersError, match="somebody else changed it") as caught:
        staged(world, ONE)
    assert "mine" not in str(caught.value)
    assert world.ssm.get_parameter(Name=path + ("EXTRA" if change == "added" else "GREETING"))


def test_an_incomplete_revision_fails_its_check(world: World) -> None:
    """It is read a few times first, because SSM may return a write only a moment later."""
    revision = staged(world, ONE)
    world.ssm.delete_parameter(Name=f"{PREFIX}/revisions/{revision.id}/RATE")
    (result,) = world.settings().check(revision, [])
    assert (result.passed, result.check) == (False, "parameters of settings")
    assert "some are missing" in result.detail
    assert world.slept == [*PAUSES]


def test_a_function_is_not_staged_as_parameters(world: World) -> None:
    """The bundle and the environment disagree about the component's kind."""
    bundle = BundleArchive(io.BytesIO(bundle_parts().pack()))
    with pytest.raises(InvalidBundleError, match="is parameters in this environment and a function in the bundle"):
        world.settings().stage(bundle.manifest().components["api"], bundle)


@pytest.mark.parametrize("weight", [1, 10, 99])
def test_before_the_last_step_the_former_set_is_live(on_one: World, weight: int) -> None:
    """Readers cannot be divided, so nothing is written."""
    component = on_one.settings()
    component.shift(component.current(), staged(on_one, TWO), weight, FORWARD)
    assert read(on_one) == ONE
    assert on_one.ssm_mutations == []


def test_the_first_release_can_be_rolled_back(world: World) -> None:
    """The pointer then names no revision, and the next release begins like the first."""
    component, revision = world.settings(), staged(world, ONE)
    component.shift(Revision(""), revision, 100, FORWARD)
    component.restore(Revision(""), revision, BACK)
    assert (pointer(world), component.current()) == ("none", Revision(""))
    component.shift(Revision(""), revision, 100, FORWARD)
    assert read(world) == ONE


@pytest.mark.parametrize("canary", [None, Revision("b" * 16)])
def test_a_restore_without_a_shift_writes_nothing(on_one: World, canary: Revision | None) -> None:
    """A deployment that failed before its last step has moved nothing."""
    component = on_one.settings()
    component.restore(component.current(), canary, BACK)
    assert on_one.ssm_mutations == []


def test_a_second_shift_or_restore_writes_nothing(on_one: World) -> None:
    """Lambda and Step Functions deliver at least once."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    for _ in range(2):
        component.shift(stable, canary, 100, FORWARD)
    for _ in range(2):
        component.restore(stable, canary, BACK)
    assert on_one.ssm_mutations == ["PutParameter"] * 2


def test_a_tripped_deployment_does_not_shift(on_one: World) -> None:
    """The permit is checked between read and write."""

    def refuse() -> None:
        raise TrippedError("The alarm fired.")

    with pytest.raises(TrippedError):
        on_one.settings().shift(first(on_one), staged(on_one, TWO), 100, forward(refuse))
    assert on_one.ssm_mutations == []


def test_a_rollback_wins_over_a_shift_that_reads_after_it(on_one: World) -> None:
    """A shift that overwrote the restoration's write reads again, and its permit refuses."""
    answers: list[Any] = [None, TrippedError("The alarm fired.")]

    def permit() -> None:
        if error := answers.pop(0):
            raise error

    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    component.shift(stable, canary, 100, FORWARD)
    on_one.before_ssm["PutParameter"] = lambda: component.restore(stable, canary, BACK)
    with pytest.raises(TrippedError):
        component.restore(stable, canary, back(permit)) or component.shift(stable, canary, 100, forward(permit))
    assert read(on_one) == ONE


def test_an_unconditional_write_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the SDK sent it again, it could arrive when a rollback has ended; so its client makes one attempt."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert Clients().pointers.meta.config.retries["total_max_attempts"] == 1  # type: ignore[index]


# People


def test_a_persons_pointer_is_not_moved(on_one: World) -> None:
    """Neither a shift nor a restore moves it."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    point(on_one, "hotfix")
    on_one.ssm_calls.clear()
    for move in (
        lambda: component.shift(stable, canary, 100, FORWARD),
        lambda: component.shift(stable, canary, 10, FORWARD),
        lambda: component.restore(stable, canary, BACK),
    ):
        with pytest.raises(ChangedByOthersError, match=r"is on revision hotfix.*somebody else moved it"):
            move()
    assert on_one.ssm_mutations == []


@pytest.mark.parametrize("direction", ["shift", "restore"])
def test_a_persons_change_at_the_moment_of_the_write_is_restored(on_one: World, direction: str) -> None:
    """SSM has no conditional change, but its version numbers show what was overwritten."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    if direction == "restore":
        component.shift(stable, canary, 100, FORWARD)
    on_one.before_ssm["PutParameter"] = lambda: point(on_one, "hotfix")
    weight = 100 if direction == "shift" else 0
    with pytest.raises(ChangedByOthersError, match="is on revision hotfix"):
        component.shift(stable, canary, weight, FORWARD)
    assert pointer(on_one) == "hotfix"


def test_a_person_who_writes_again_during_that_wins(on_one: World) -> None:
    """The last value is theirs, whichever of their writes was overwritten."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)

    def twice() -> None:
        point(on_one, "hotfix-1")
        on_one.before_ssm["GetParameterHistory"] = lambda: point(on_one, "hotfix-2")

    on_one.before_ssm["PutParameter"] = twice
    with pytest.raises(ChangedByOthersError):
        component.shift(stable, canary, 100, FORWARD)
    assert pointer(on_one) == "hotfix-2"


def test_the_first_pointer_is_created_conditionally(world: World) -> None:
    """A person who creates it at the same moment is never overwritten."""
    revision = staged(world, ONE)
    world.before_ssm["PutParameter"] = lambda: point(world, "mine")
    with pytest.raises(ChangedByOthersError):
        world.settings().shift(Revision(""), revision, 100, FORWARD)
    history = world.ssm.get_parameter_history(Name=f"{PREFIX}/current")["Parameters"]
    assert [one["Value"] for one in history] == ["mine"]


def test_the_same_shift_twice_at_once_is_harmless(on_one: World) -> None:
    """The slower one sees that it overwrote a write of the same deployment."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    on_one.before_ssm["PutParameter"] = lambda: component.shift(stable, canary, 100, FORWARD)
    component.shift(stable, canary, 100, FORWARD)
    assert read(on_one) == TWO


def test_changes_that_never_stop_are_a_conflict(on_one: World) -> None:
    """The shift tries a few times, and then fails rather than claim success."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)

    def before_our_write() -> None:
        point(on_one, stable.id)
        on_one.before_ssm["GetParameterHistory"] = after_our_write

    def after_our_write() -> None:
        point(on_one, stable.id)
        on_one.before_ssm["PutParameter"] = before_our_write

    on_one.before_ssm["PutParameter"] = before_our_write
    with pytest.raises(TransientError, match="was changed 5 times"):
        component.shift(stable, canary, 100, FORWARD)


def test_a_value_that_the_history_does_not_show_yet_is_waited_for(on_one: World, slept: list[float]) -> None:
    """What a person wrote is restored, as soon as it is known."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    on_one.before_ssm["PutParameter"] = lambda: point(on_one, "hotfix")
    on_one.old_history = 2
    with pytest.raises(ChangedByOthersError, match="is on revision hotfix"):
        component.shift(stable, canary, 100, FORWARD)
    assert pointer(on_one) == "hotfix"
    assert slept[:2] == [*PAUSES[:2]]


def test_a_value_that_nobody_knows_is_not_replaced_by_nothing(on_one: World) -> None:
    """The application would be left without any settings; the release's own stay."""
    component, stable, canary = on_one.settings(), first(on_one), staged(on_one, TWO)
    on_one.before_ssm["PutParameter"] = lambda: point(on_one, "hotfix")
    on_one.old_history = 1000
    component.shift(stable, canary, 100, FORWARD)
    assert read(on_one) == TWO


@pytest.mark.parametrize("value", ["two words", "a/b", "x" * 65])
def test_a_release_does_not_begin_on_a_pointer_that_names_no_revision(world: World, value: str) -> None:
    """A rollback would not know what to restore."""
    point(world, value)
    with pytest.raises(ChangedByOthersError, match="does not hold a revision's id"):
        world.settings().current()


# Pruning


def test_a_prune_keeps_revisions_that_may_be_needed(on_one: World) -> None:
    """Only revisions that are old, not to be kept, and not live are deleted."""
    revisions = [staged(on_one, {"N": str(number)}) for number in range(4)]
    assert on_one.settings().prune([revisions[0]], 1) == 3
    left = {path.split("/")[-2] for path in stored(on_one)}
    assert left == {first(on_one).id, revisions[0].id, revisions[3].id}


def test_a_discarded_revision_is_deleted(on_one: World) -> None:
    """It is deleted once and can be staged again; a revision that the pointer names stays."""
    before = stored(on_one)
    revision = staged(on_one, {"N": "9"})
    assert on_one.settings().discard(revision)
    assert not on_one.settings().discard(revision)
    assert not on_one.settings().discard(first(on_one))
    assert stored(on_one) == before
    assert staged(on_one, {"N": "9"}) == revision


def test_a_prune_deletes_revisions_of_any_size(on_one: World) -> None:
    """SSM deletes ten parameters in each call."""
    staged(on_one, MANY)
    staged(on_one, TWO | {"X": "1"})
    assert on_one.settings().prune([], 1) == 2
    assert not [path for path in stored(on_one) if "NAME_" in path]


def test_a_prune_touches_nothing_else(on_one: World) -> None:
    """The pointer and the parameters of others stay."""
    on_one.ssm.put_parameter(Name="/smartpack/prod/settings-of-others/x", Value="1", Type="String")
    on_one.settings().prune([], 0)
    assert read(on_one) == ONE
    assert on_one.ssm.get_parameter(Name="/smartpack/prod/settings-of-others/x")


def stored(world: World) -> list[str]:
    """The paths of all parameters in revisions."""
    pages = world.ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{PREFIX}/revisions", Recursive=True)
    return [one["Name"] for page in pages for one in page["Parameters"]]
