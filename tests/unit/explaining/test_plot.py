import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from controller.domain.deployment import Evaluation, Trip
from selfright.account.status import DeploymentRecord
from selfright.errors import AdviceError
from selfright.explaining.explanation import explain
from selfright.explaining.plot import plot
from tests.cli_world import LIVE, RECEIVED, ROLLED_BACK
from tests.evaluations import good, worse

BAD = worse()
EXPLAINED = explain(DeploymentRecord(replace(ROLLED_BACK, trip=Trip(BAD[-1].at, "judge", "worse")), (), LIVE), BAD)


def test_a_png_is_written(tmp_path: Path) -> None:
    """A picture of the size that fits a page."""
    plot(EXPLAINED, file := tmp_path / "why.png")
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) == 1500


def test_an_svg_is_the_same_every_time(tmp_path: Path) -> None:
    """With all titles and what ended it, as text that the same evaluations always give."""
    drawn = []
    for name in ("one.svg", "two.svg"):
        plot(EXPLAINED, tmp_path / name)
        drawn.append((tmp_path / name).read_text())
    assert drawn[0] == drawn[1]
    for said in ("smartpack 1.2.0 → smartpack/prod: ROLLED_BACK", "tripped by the judge", "100 rolls back"):
        assert f"<!-- {said}" in drawn[0]


@pytest.mark.parametrize(
    "seen", [BAD[:1], [replace(evaluation, limit=0.0, comparisons=()) for evaluation in BAD[:3]], good()]
)
def test_one_evaluation_and_evaluations_without_comparisons_are_drawn(
    tmp_path: Path, seen: Sequence[Evaluation]
) -> None:
    """And a whole deployment."""
    plot(explain(DeploymentRecord(replace(ROLLED_BACK, trip=None), (), LIVE), seen), file := tmp_path / "why.png")
    assert file.stat().st_size > 10_000


def test_without_evaluations_there_is_nothing_to_draw(tmp_path: Path) -> None:
    """That is said, with where to look instead."""
    with pytest.raises(AdviceError, match="the judge made no evaluation"):
        plot(explain(DeploymentRecord(RECEIVED), []), tmp_path / "why.png")


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra of its own."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(AdviceError) as raised:
        plot(EXPLAINED, tmp_path / "why.png")
    assert raised.value.next_step == "Install it: pip install matplotlib"
