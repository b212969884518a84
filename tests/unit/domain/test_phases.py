"""The phases: which are over, which are still open, and which have touched nothing."""

import pytest

from controller.domain.phases import MOVING, OPEN, TERMINAL, UNTOUCHED, Phase


def test_every_phase_is_either_open_or_terminal() -> None:
    """So the reconciler looks after every deployment that is not over."""
    assert frozenset(Phase) == OPEN | TERMINAL
    assert not OPEN & TERMINAL


@pytest.mark.parametrize("phase", list(Phase))
def test_a_phase_knows_whether_it_is_terminal(phase: Phase) -> None:
    """`is_terminal` and the set of terminal phases agree."""
    assert phase.is_terminal is (phase in TERMINAL)


def test_a_rollback_is_open_but_does_not_move_forward() -> None:
    """The reconciler looks after a deployment that rolls back, but it may not advance."""
    assert Phase.ROLLING_BACK in OPEN
    assert MOVING | {Phase.ROLLING_BACK} == OPEN


def test_only_open_phases_are_untouched() -> None:
    """A deployment touches nothing before it has the lock."""
    assert {Phase.RECEIVED, Phase.QUEUED} == UNTOUCHED
    assert UNTOUCHED < MOVING


def test_a_phase_is_its_own_word() -> None:
    """The same word goes into the ledger, the workflow, the command line and the logs."""
    assert all(str(phase) == phase.name for phase in Phase)
