"""Ctrl-C, `kill` and a closed terminal."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from selfright.proving.interrupts import HELD, LEFT, STOPS, Interrupts, undisturbed
from selfright.proving.scene import RunClock, Stopped


class Ears(Interrupts):
    """Interrupts that note what they say, and how the process ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ended: list[int] = []
        self.clock = RunClock()
        super().__init__(self.said.append, self.clock.stop, self.ended.append)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_the_run_and_says_so_at_once(number: signal.Signals) -> None:
    """Deleting takes minutes; without a word, people think that it hangs."""
    ears = Ears()
    with ears.listening(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    assert ears.said == [STOPS]


def test_whatever_waits_is_stopped_before_the_exception_comes() -> None:
    """It may come while other threads are waited for, who would measure on for an hour."""
    ears, ended = Ears(), list[str]()

    def visitors() -> None:
        with pytest.raises(Stopped):
            ears.clock.sleep(300)
        ended.append("stopped")

    def measure() -> None:
        with ears.listening(), ThreadPoolExecutor() as pool:
            pool.submit(visitors)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        measure()
    assert ended == ["stopped"]


def test_a_run_whose_exception_was_lost_ends_all_the_same() -> None:
    """Python drops what is raised while it frees an object."""
    ears = Ears()

    def lost() -> None:
        with suppress(KeyboardInterrupt):
            ears.hear(signal.SIGINT)
        ears.clock.check()

    with pytest.raises(KeyboardInterrupt), ears.listening():
        lost()


def test_a_second_ctrl_c_ends_the_process() -> None:
    """It says what deletes the rest."""
    ears = Ears()
    with pytest.raises(KeyboardInterrupt):
        ears.hear(signal.SIGINT)
    ears.hear(signal.SIGINT)
    assert (ears.said, ears.ended) == ([STOPS, LEFT], [130])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_of_another_kind_changes_nothing(number: signal.Signals) -> None:
    """A closed terminal sends several, and no person has decided to leave anything."""
    ears = Ears()
    with pytest.raises(KeyboardInterrupt):
        ears.hear(signal.SIGHUP)
    ears.hear(number)
    assert ears.ended == []


def test_while_the_sandbox_is_deleted_the_first_ctrl_c_only_says_so() -> None:
    """There is nothing else to stop."""
    ears = Ears()
    ears.deleting()
    ears.hear(signal.SIGINT)
    assert (ears.said, ears.ended) == ([STOPS], [])
    ears.hear(signal.SIGINT)
    assert ears.ended == [130]


def test_held_signals_are_heard_afterwards() -> None:
    """However often; said once, when the first one comes."""
    ears, done = Ears(), list[str]()

    def work() -> None:
        with ears.held():
            ears.hear(signal.SIGINT)
            ears.hear(signal.SIGINT)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (done, ears.said, ears.ended) == (["all"], [HELD, STOPS], [])


def test_what_must_not_be_half_done_is_not_begun_once_the_run_is_stopped() -> None:
    """Its waiting would end at once."""
    ears = Ears()
    with suppress(KeyboardInterrupt):
        ears.hear(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), ears.held():
        pytest.fail("it was begun")


def test_without_a_signal_nothing_happens_after_holding() -> None:
    """And the handlers of before are there again after listening."""
    ears, before = Ears(), signal.getsignal(signal.SIGINT)
    with ears.listening(), ears.held():
        pass
    assert ears.said == []
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("trouble", [OSError, RuntimeError])
def test_a_closed_terminal_stops_nothing(trouble: type[Exception]) -> None:
    """What could not be said is lost; the sandbox is deleted all the same."""

    def say(_: str) -> None:
        raise trouble

    undisturbed(say)("Deleting …")
