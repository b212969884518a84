"""The lock: the newest release waits, older ones are superseded, and the lock is released."""

from functools import partial

import pytest

from controller.domain.phases import Phase
from tests.state_machine.drives import queue
from tests.state_machine.functions import at_once
from tests.state_machine.scene import Scene

pytestmark = pytest.mark.slow


def test_the_newest_waits_and_older_ones_are_superseded(scene: Scene) -> None:
    """Ten releases one after the other while the first is deployed: two of them go live."""
    arns: list[str] = []
    scene.at("Stage component", "before", lambda: arns.extend(queue(scene, f"1.{n}.0") for n in range(2, 11)))
    first = scene.release("1.1.0")
    scene.check()
    phases = [scene.deployment(arn).phase for arn in arns]
    assert (first.phase, phases) == (Phase.SUCCEEDED, [Phase.SUPERSEDED] * 8 + [Phase.SUCCEEDED])
    assert scene.reconciled == 0


def test_an_older_upload_that_comes_late_is_superseded(scene: Scene) -> None:
    """Events come in any order; the newest release stays live."""
    older, newer = scene.upload("1.1.0"), scene.upload("1.2.0")
    scene.start(newer)
    scene.settle()
    late = scene.start(older)
    scene.check()
    assert scene.deployment(late).phase is Phase.SUPERSEDED


def test_the_lock_is_released_after_a_rollback(scene: Scene) -> None:
    """The release that waited behind a bad one goes live."""
    arns: list[str] = []
    scene.at("Test staged release", "before", lambda: arns.append(queue(scene, "1.2.0")))
    scene.at("Shift traffic", "before", scene.alarm_flickers)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert scene.deployment(arns[0]).phase is Phase.SUCCEEDED


def test_many_uploads_at_once(scene: Scene) -> None:
    """Whatever the order in which they come, the newest is live at the end and none is left."""
    details = [scene.upload(f"1.{n}.0") for n in range(1, 9)]
    at_once(*[partial(scene.start, detail) for detail in details])
    scene.check()
    phases = {one.version: one.phase for one in scene.history()}
    assert phases["1.8.0"] is Phase.SUCCEEDED
    assert set(phases.values()) <= {Phase.SUCCEEDED, Phase.SUPERSEDED}
