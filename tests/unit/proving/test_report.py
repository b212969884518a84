"""The report, for people and for programs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from selfright.proving.report import ProveReport, files
from selfright.proving.results import FactReport, Finding, Measured, NotMeasured

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_report(*findings: Finding, factor: float = 1) -> ProveReport:
    """A report of one fact."""
    answer = FactReport("alias_lateness", "When?", "By calling.", findings)
    return ProveReport("111122223333", "eu-west-1", "1.0", BEGAN, BEGAN.replace(hour=13), [answer], factor)


def test_every_figure_stands_beside_what_is_assumed() -> None:
    """Median and worst of what was measured, then those of both climates."""
    text = a_report(Measured("served", "well", (2.0, 4.0), figures=("alias_learned",))).markdown()
    assert "| served | 3.00 | 4.00 | 1.00, at most 10 | 10, at most 50 | well |" in text


def test_what_was_not_measured_says_why() -> None:
    """In its own line, and the figures without any measurement at the end."""
    report = a_report(NotMeasured("ranks", "CloudWatch has none"))
    assert "| ranks |  |  |  |  | not measured: CloudWatch has none |" in report.markdown()
    assert "alias_learned" in report.missing


def test_what_aws_says_is_never_markup() -> None:
    """A message of AWS with a bar or a tag cannot break the table."""
    text = a_report(NotMeasured("x", "a | b\n<img src=x>")).markdown()
    assert "not measured: a \\| b &lt;img src=x>" in text


def test_a_scaled_run_says_so() -> None:
    """Its figures are compared with scaled ones."""
    text = a_report(Measured("served", "", (0.1,), figures=("alias_learned",)), factor=0.1).markdown()
    assert "scaled by 0.1" in text
    assert "| served | 0.10 | 0.10 | 0.10, at most 1.00 | 1.00, at most 5.00 |  |" in text


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [
        (
            {"endpoint": "http://127.0.0.1:4566", "weather": "storm"},
            "a local AWS, with the weather storm, at http://127",
        ),
        ({"endpoint": "http://127.0.0.1:9000"}, "another endpoint, at http://127.0.0.1:9000"),
    ],
)
def test_a_stand_in_is_never_taken_for_aws(elsewhere: Mapping[str, str], said: str) -> None:
    """Which one it was, and the factor of its times, are the first words of the report and in its document."""
    report = replace(a_report(Measured("served"), factor=0.1), elsewhere=elsewhere)
    title, _, place = report.markdown().splitlines()[:3]
    assert "a stand-in for AWS" in title
    assert f"This is not AWS: {said}" in place
    assert "multiplied by 0.1" in place
    assert report.document()["not_aws"] == elsewhere
    assert a_report().document()["not_aws"] is None
    assert "not AWS" not in a_report().markdown()


def test_both_files_have_the_place_and_the_time_in_their_names() -> None:
    """So that runs can be kept beside one another."""
    written = files(a_report(Measured("served", "", (2.0,), figures=("alias_learned",))))
    name = "prove-111122223333-eu-west-1-20260101T120000"
    assert set(written) == {f"{name}.md", f"{name}.json"}
    document = json.loads(written[f"{name}.json"])
    assert document["facts"][0]["findings"][0]["median"] == 2.0
    assert "alias_learned" not in document["figures_without_a_measurement"]
