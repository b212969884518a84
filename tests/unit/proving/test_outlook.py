"""What a run does and how long it takes is said as it was chosen."""

import pytest

from selfright.proving.catalogue import FACTS
from selfright.proving.fact import Fact
from selfright.proving.facts.quotas import FACT as QUOTAS
from selfright.proving.outlook import in_words, minutes, needs_sandbox, question_of_sandbox


def a_fact(name: str, on: str, about: float) -> Fact:
    """A fact that takes so many minutes."""
    return Fact(name, on, "?", "somehow.", lambda _: iter(()), about)


def test_facts_on_different_things_take_no_longer_than_the_longest() -> None:
    """Those on one thing follow one another, releases follow all, and the sandbox comes and goes."""
    facts = [a_fact("a", "x", 3), a_fact("b", "x", 4), a_fact("c", "y", 5), a_fact("r", "environment", 40)]
    assert minutes(facts) == 15 + 7 + 40
    assert minutes(facts, 1 / 60) == pytest.approx(62 / 60)


def test_what_only_reads_needs_no_sandbox_and_takes_no_time() -> None:
    """The quotas are read in seconds."""
    assert not needs_sandbox([QUOTAS])
    assert minutes([QUOTAS]) == QUOTAS.minutes
    assert needs_sandbox(FACTS)


@pytest.mark.parametrize(
    ("about", "said"),
    [(0.2, "a minute"), (3, "5 minutes"), (21, "20 minutes"), (62, "an hour"), (71, "an hour"), (101, "1.5 hours")],
)
def test_times_are_said_as_roughly_as_they_are_known(about: float, said: str) -> None:
    """Nobody knows them by the minute."""
    assert in_words(about) == said


def test_the_question_says_what_was_chosen() -> None:
    """One fact by its name; several by their number, and whether releases are among them."""
    alias, releases = a_fact("alias_lateness", "function", 1), a_fact("releases", "environment", 40)
    one = question_of_sandbox("1", "eu-west-1", [alias], 1)
    several = question_of_sandbox("1", "eu-west-1", [alias, releases], 1)
    assert "measures alias_lateness, and" in one
    assert "about 15 minutes" in one
    assert "2 facts, three releases among them" in several
    assert "about an hour" in several
