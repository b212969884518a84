"""What a finding says, and what stands beside it."""

import pytest

from selfright.proving.results import Measured, NotMeasured, document, happened
from selfright.weather import figures


def test_a_finding_has_the_median_and_the_worst_of_its_times() -> None:
    """Of all times that were measured."""
    finding = Measured("an alias", seconds=(3.0, 1.0, 8.0))
    assert (finding.middle, finding.worst) == (3.0, 8.0)
    assert (Measured("words").middle, Measured("words").worst) == (None, None)


def test_what_is_assumed_is_the_sum_of_the_weathers_figures() -> None:
    """A function's errors become visible, and then an alarm is evaluated on them."""
    visible, evaluated = figures()["metric_visible"].aws, figures()["alarm_evaluated"].aws
    finding = Measured("fired", seconds=(90.0,), figures=("metric_visible", "alarm_evaluated"))
    assert finding.assumed("aws", 0.5) == (
        0.5 * (visible.median + evaluated.median),
        0.5 * (visible.worst + evaluated.worst),
    )
    assert Measured("words").assumed("storm") is None


def test_what_happens_only_sometimes_is_counted_with_its_tries() -> None:
    """The times are only of those cases in which it happened."""
    finding = happened("stale", [None, 0.5, None], "read_is_stale")
    assert (finding.said, finding.seconds, finding.tries) == ("1 of 3 times", (0.5,), 3)


def test_a_document_has_both_climates_beside_the_times() -> None:
    """So that a program can compare them."""
    told = document(Measured("arrived", "well", (1.23456,), figures=("alias_learned",)), 0.1)
    assert told["seconds"] == [1.235]
    assert told["assumed"] == {
        "aws": {"median": pytest.approx(0.1), "worst": pytest.approx(1)},
        "storm": {"median": pytest.approx(1), "worst": pytest.approx(5)},
    }


def test_a_document_says_why_something_was_not_measured() -> None:
    """And has no figure then."""
    told = document(NotMeasured("percentiles", "CloudWatch has none"))
    assert told == {"what": "percentiles", "measured": False, "why": "CloudWatch has none"}
