"""Ctrl-C, `kill` and a closed terminal."""

import os
import signal

import pytest

from selfright.proving.interrupts import HELD, LEFT, STOPS, Interrupts, undisturbed


class Ears(Interrupts):
    """Interrupts that note what they say, and how the process ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ended: list[int] = []
        super().__init__(self.said.append, self.ended.append)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_the_run_and_says_so_at_once(number: signal.Signals) -> None:
    """Deleting takes minutes; without a word, people think that it hangs."""
    ears = Ears()
    with ears.listening(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    assert ears.said == [STOPS]


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
