"""Somebody changes things by hand in the middle of a release: that is never overwritten."""

from controller.domain.phases import Phase
from tests.e2e.hands import ALARM
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY

HELD = "The environment is held"


def test_an_alias_that_somebody_moved_holds_the_environment_until_it_is_repaired(lab: Lab) -> None:
    """The next shift finds the change and stops; the change stays until a person has repaired it."""
    before = lab.version()
    stable = lab.alias()["FunctionVersion"]
    lab.set_bakes([(50, 1)], minimum_requests=1_000_000, when_inconclusive="pause")
    release = lab.release()
    lab.waits_for_a_person(release)
    by_hand = lab.move_alias(lab.publish_by_hand())
    assert lab.command("resume", release)[0] == 0

    failed = lab.ended(release)
    assert failed.phase is Phase.ROLLBACK_FAILED
    assert f"only knows {stable} and" in failed.reason
    assert "selfright rollback" in failed.next_step
    assert lab.alias() == by_hand
    assert lab.live().site == {before}
    code, standing, _ = lab.command("status", KEY)
    assert (code, standing["held"]) == (0, f"The rollback of {release} failed.")

    refused = lab.ended(lab.release())
    assert refused.phase is Phase.REJECTED
    assert HELD in refused.reason
    assert lab.command("rollback", "--environment", KEY)[0] == 1
    assert lab.alias() == by_hand

    lab.move_alias(stable)
    code, document, said = lab.command("rollback", "--environment", KEY)
    assert (code, document["deployment_id"], document["phase"]) == (0, release, "ROLLED_BACK"), said
    assert lab.live().is_only(before)
    lab.set_bakes()
    assert lab.ended(lab.release()).phase is Phase.SUCCEEDED


def test_an_alarm_overwrites_nobody_either(lab: Lab) -> None:
    """Somebody edits the site's routing function during the bake: the API is restored, their change stays."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.reaches(release, Phase.BAKING)
    original = lab.edit_routing(lambda code: code + b"\n// being edited\n")
    lab.set_alarm(ALARM, "ALARM", "a drill")
    failed = lab.ended(release)
    assert failed.phase is Phase.ROLLBACK_FAILED
    assert lab.live().api == {before}
    assert lab.edit_routing(lambda _: original).endswith(b"// being edited\n")
    lab.until_calm()
    assert lab.command("rollback", release)[0] == 0
    assert lab.live().is_only(before)


def test_nothing_is_released_on_top_of_somebodys_unfinished_change(lab: Lab) -> None:
    """An alias between two versions is a person's change: the release is rejected, and nothing moves."""
    stable = lab.alias()["FunctionVersion"]
    by_hand = lab.move_alias(stable, {lab.publish_by_hand(): 0.5})
    rejected = lab.ended(lab.release())
    assert rejected.phase is Phase.REJECTED
    assert "must be on one published version" in rejected.reason
    assert lab.alias() == by_hand
    lab.move_alias(stable)
