"""Somebody presses *Stop* in the Step Functions console, and everything is repaired automatically."""

from controller.domain.phases import Phase
from tests.e2e.lab import NEVER, Lab


def test_stopping_a_release_in_the_console_is_a_rollback(lab: Lab) -> None:
    """A person only stops the execution during the bake; the reconciler does the rest."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    baking = lab.reaches(release, Phase.BAKING)
    assert len(lab.live().api) == 2
    lab.stop(baking.execution_arn)
    ended = lab.ended(release)
    assert (ended.phase, ended.trip and ended.trip.source) == (Phase.ROLLED_BACK, "reconciler")
    assert "stopped" in ended.reason
    assert lab.live().is_only(before)
    assert "reconciled" in lab.kinds(release)


def test_stopping_while_all_visitors_are_on_the_new_version_rolls_it_back(lab: Lab) -> None:
    """The final bake is part of the release: stopped there, it is rolled back, too."""
    before = lab.version()
    lab.set_bakes(final_bake=NEVER)
    release = lab.release()
    lab.stop(lab.reaches(release, Phase.BAKING).execution_arn)
    assert lab.ended(release).phase is Phase.ROLLED_BACK
    assert lab.live().is_only(before)


def test_stopping_the_rollback_too_only_starts_another_one(lab: Lab) -> None:
    """The rollback is stopped while it verifies; the next one repeats everything, and completes it."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    baking = lab.reaches(release, Phase.BAKING)
    with lab.frozen_edge():
        lab.stop(baking.execution_arn)
        first = lab.until_kind(release, "restored", times=2).rollback_execution_arn
        lab.stop(first)
    ended = lab.ended(release)
    assert ended.phase is Phase.ROLLED_BACK
    assert ended.rollback_execution_arn != first
    assert lab.execution(first)["status"] == "ABORTED"
    assert lab.live().is_only(before)


def test_stopping_a_release_that_waits_leaves_the_one_before_it_alone(lab: Lab) -> None:
    """Nothing was changed for it, so it is rejected; the release that holds the lock continues."""
    lab.set_bakes([(50, NEVER)])
    first = lab.release()
    baking = lab.reaches(first, Phase.BAKING)
    second = lab.release()
    lab.until_kind(second, "queued")
    lab.stop(lab.ledger.get(second).execution_arn)
    assert lab.ended(second).phase is Phase.REJECTED
    assert lab.ledger.get(first).phase is Phase.BAKING
    assert lab.lock().waiting is None
    lab.stop(baking.execution_arn)
    assert lab.ended(first).phase is Phase.ROLLED_BACK


def test_a_lost_status_event_is_made_good_by_the_schedule(lab: Lab) -> None:
    """The rule for execution ends is off, so the stop causes no event; the scheduled reconciler finds it."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    baking = lab.reaches(release, Phase.BAKING)
    with lab.disabled("ExecutionEnd"), lab.disabled("Schedule"):  # The test itself is the schedule.
        lab.stop(baking.execution_arn)
        assert lab.reconcile()[release] == "rollback started"  # It also finishes what is kept of earlier releases.
        assert lab.ended(release).phase is Phase.ROLLED_BACK
    assert lab.live().is_only(before)
