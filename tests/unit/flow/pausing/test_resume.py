"""Resume: a person ends the bake as healthy."""

import pytest

from controller.errors import SelfrightError
from controller.flow.pausing.resume import resume
from tests.unit.flow.scenes import baking, paused


def test_a_person_resumes_it() -> None:
    """The guard is closed, so that the bake ends; resuming twice is harmless."""
    world = paused()
    assert resume(world, "d2").verdict == "healthy"
    assert resume(world, "d2").verdict == "healthy"
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


def test_there_is_nothing_to_resume_before_a_bake() -> None:
    """Resuming too early is an error that says so."""
    with pytest.raises(SelfrightError, match="no open bake"):
        resume(baking(), "d2")
