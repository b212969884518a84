"""Every run is checked against the model, write by write."""

import pytest

from tests.model.rules import Rules
from tests.simulation.run import run
from tests.simulation.scenarios import plan_of


def test_a_write_that_the_model_does_not_allow_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same plan passes with the rules as they are, and fails as soon as the model forbids what the code does."""
    plan = plan_of(0, "plain")
    assert run(plan).violations == []
    monkeypatch.setattr(Rules, "succeed", lambda *_: "no release may succeed")
    assert any("the model does not allow it" in one for one in run(plan).violations)
