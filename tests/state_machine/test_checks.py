"""The checks of a release, when nothing else is new in it."""

from controller.domain.phases import Phase
from tests.builders import a_bundle
from tests.state_machine.scene import CHECKS, Scene

NEVER = {"component": "site", "path": "/", "contains": "never there"}


def bundle(scene: Scene, version: str, page: bytes, *checks: dict[str, str]) -> bytes:
    """A bundle with this page and these further checks."""
    files = {"index.html": page}
    return a_bundle(version, site_files=files, application=scene.name, checks=(*CHECKS, *checks))


def test_only_the_checks_change_and_then_a_bad_release_comes(scene: Scene) -> None:
    """The second is judged by its own checks; the third goes back to the first, verified by what was true of that."""
    good = scene.release("1.1.0", bundle(scene, "1.1.0", b"GOOD"))
    assert good.phase is Phase.SUCCEEDED
    scene.check()
    scene.forget()
    scene.world.probe.failing = lambda: True
    checks_only = scene.release("1.2.0", bundle(scene, "1.2.0", b"GOOD", NEVER))
    assert (checks_only.phase, checks_only.changed) == (Phase.ROLLED_BACK, ())
    scene.check()
    scene.world.probe.failing = lambda: any(len(part.serving) > 1 for part in scene.world.components.values())
    bad = scene.release("1.3.0", bundle(scene, "1.3.0", b"BAD"))
    assert (bad.phase, bad.previous) == (Phase.ROLLED_BACK, good.deployment_id)
    scene.check()
