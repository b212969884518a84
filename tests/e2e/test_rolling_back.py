"""A person rolls a release back, before and after it is live, with `selfright rollback`."""

from controller.domain.phases import Phase
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY


def test_a_live_release_is_rolled_back_and_may_be_released_again(lab: Lab) -> None:
    """The former version is live again for API and site; a person's rollback says nothing against the version."""
    before = lab.version()
    version = lab.new_version()
    bundle = lab.bundle(version)
    release = lab.upload(bundle)
    assert lab.ended(release).phase is Phase.SUCCEEDED
    assert lab.live().is_only(version)

    code, document, said = lab.command("rollback", release, "--reason", "wrong prices")
    assert (code, document["phase"], document["reason"]) == (0, "ROLLED_BACK", "wrong prices"), said
    assert document["deployment_id"] == release
    assert lab.live().is_only(before)
    assert lab.version() == before

    assert lab.ended(lab.upload(bundle)).phase is Phase.SUCCEEDED
    assert lab.live().is_only(version)


def test_a_release_is_stopped_and_rolled_back_on_its_way(lab: Lab) -> None:
    """A rollback during the bake also ends the workflow, without waiting for the bake."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    baking = lab.reaches(release, Phase.BAKING)
    code, document, said = lab.command("rollback", release, "--reason", "second thoughts")
    assert (code, document["phase"], document["reason"]) == (0, "ROLLED_BACK", "second thoughts"), said
    assert lab.execution(baking.execution_arn)["status"] == "ABORTED"
    assert lab.live().is_only(before)


def test_what_is_not_live_any_more_is_not_rolled_back(lab: Lab) -> None:
    """Rolling back the release before the last one is refused, and nothing moves."""
    former = lab.ended(lab.release())
    live = lab.ended(lab.release())
    code, document, _ = lab.command("rollback", former.deployment_id)
    assert code == 1
    assert "roll back the deployment that is live" in document["error"]["message"]
    assert f"selfright status {KEY}" in document["error"]["next_step"]
    assert lab.ledger.get(former.deployment_id).phase is Phase.SUCCEEDED
    assert lab.live().is_only(live.version)


def test_what_was_rolled_back_is_not_rolled_back_again(lab: Lab) -> None:
    """The second time, the message says that nothing of it is live."""
    release = lab.release()
    lab.ended(release)
    assert lab.command("rollback", release)[0] == 0
    code, document, _ = lab.command("rollback", release)
    assert code == 1
    assert "ROLLED_BACK already" in document["error"]["message"]


def test_two_rollbacks_one_after_the_other_undo_two_releases_only_if_both_are_named(lab: Lab) -> None:
    """A second person who wants the same release undone does not undo the one before it as well."""
    oldest = lab.version()
    older = lab.ended(lab.release())
    newest = lab.ended(lab.release())
    assert newest.previous == older.deployment_id
    assert lab.command("rollback", newest.deployment_id)[0] == 0
    assert lab.live().is_only(older.version)
    code, document, _ = lab.command("rollback", "--environment", KEY)
    assert code == 1
    assert newest.deployment_id in document["error"]["message"]
    assert older.deployment_id in document["error"]["next_step"]
    assert lab.live().is_only(older.version)
    assert lab.command("rollback", older.deployment_id)[0] == 0
    assert lab.live().is_only(oldest)
