"""No fact stops the others: what goes wrong is part of its answer."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfright.proving import facts
from selfright.proving.catalogue import FACTS
from selfright.proving.fact import LONGEST, Fact, NoFurtherError
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene, Stopped
from selfright.weather import Weather, figures
from tests.unit.proving.late_account import LateAccount


def a_scene() -> Scene:
    """Any scene."""
    return LateAccount(Weather("still")).scene()


def test_what_was_found_before_an_error_is_kept() -> None:
    """With the error as the reason for the rest."""

    def measure(_: Scene) -> Iterator[Finding]:
        yield Measured("the first")
        raise KeyError("ETag")

    answer = Fact("one", "thing", "?", "by looking", measure).answer(a_scene())
    assert answer.findings == (Measured("the first"), NotMeasured("the rest", "'ETag'"))
    assert not answer.is_complete


def test_a_long_reason_is_cut_to_one_line() -> None:
    """It stands in a table."""

    def measure(_: Scene) -> Iterator[Finding]:
        yield from ()
        raise ValueError("much\n" * 200)

    (finding,) = Fact("one", "thing", "?", "by looking", measure).answer(a_scene()).findings
    assert isinstance(finding, NotMeasured)
    assert len(finding.why) == LONGEST
    assert "\n" not in finding.why


def test_a_stopped_run_is_no_answer() -> None:
    """A person's Ctrl-C goes on to whoever deletes the sandbox."""

    def measure(scene: Scene) -> Iterator[Finding]:
        scene.clock.stop()
        scene.clock.sleep(1)
        yield Measured("never")

    with pytest.raises(Stopped):
        Fact("one", "thing", "?", "by looking", measure).answer(a_scene())


def test_an_account_without_its_controller_is_no_answer() -> None:
    """The run ends with that error, instead of an odd line in its report."""

    def measure(_: Scene) -> Iterator[Finding]:
        yield Measured("the first")
        raise NoFurtherError("gone", "create it")

    with pytest.raises(NoFurtherError):
        Fact("one", "thing", "?", "by looking", measure).answer(a_scene())


def test_facts_have_names_and_questions_of_their_own() -> None:
    """Names are words of the command line."""
    names = [fact.name for fact in FACTS]
    assert len(set(names)) == len(names)
    assert all(fact.question.endswith("?") and fact.how.endswith(".") for fact in FACTS)


def test_every_figure_of_the_weather_but_repetitions_is_measured_by_some_fact() -> None:
    """Otherwise nothing would ever correct it. That events come twice cannot be made to happen."""
    folder = Path(inspect.getfile(facts)).parent
    source = "".join(module.read_text() for module in sorted(folder.glob("*.py")))
    assert {name for name in figures() if f'"{name}"' not in source} == {"event_repeated"}
