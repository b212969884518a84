"""A kind that no product file knows is bundled, planned and recovered on a person's machine."""

from pathlib import Path

import pytest
import yaml

from controller.aws.client.clients import Clients
from controller.domain.phases import Phase
from controller.errors import InvalidBundleError
from controller.settings import Settings
from controller.wiring import aws_world
from selfright.bundling.bundle import make_bundle
from selfright.components.planned import Items
from selfright.planning.model import Plan
from selfright.planning.planner import Planner
from selfright.recovery.point import KeptPoint, find_root
from selfright.recovery.restoring import Restoration
from tests.kinds.note.scene import Notes
from tests.state_machine.scene import BUCKET


@pytest.fixture
def source(tmp_path: Path, notes: Notes) -> Path:
    """A folder with a note."""
    note = {"kind": "note", "artifact": "note.txt"}
    manifest = {"application": notes.scene.name, "version": "1.1.0", "components": {"note": note}}
    (tmp_path / "release.yaml").write_text(yaml.safe_dump(manifest))
    (tmp_path / "note.txt").write_text("Good morning")
    return tmp_path


def planned(notes: Notes, bundle: Path) -> Plan:
    """The plan of a release of this bundle."""
    environment = notes.scene.world.environments.get(notes.scene.name, "prod")
    return Planner(notes.scene.world, Clients(), environment).plan(bundle)


def test_a_note_is_bundled_as_it_is_released(notes: Notes, source: Path) -> None:
    """The controller accepts what the kind packs."""
    bundle = make_bundle(source, source / "out.zip")
    assert notes.scene.release("1.1.0", bundle.read_bytes()).phase is Phase.SUCCEEDED
    assert notes.read() == "Good morning"


def test_a_missing_note_is_reported(source: Path) -> None:
    """The message is that of all kinds, with the kind's own advice."""
    (source / "note.txt").unlink()
    with pytest.raises(InvalidBundleError, match=r"note\.txt' does not exist") as caught:
        make_bundle(source, source / "out.zip")
    assert caught.value.next_step == "Write it."


def test_a_note_is_planned(notes: Notes, source: Path) -> None:
    """The plan compares it with the live text."""
    plan = planned(notes, make_bundle(source, source / "out.zip"))
    (note,) = plan.components
    assert (plan.refusals, note.change, note.items) == ((), "changed", Items(changed=("text",), what="texts"))
    (source / "note.txt").write_text("Hello")
    assert planned(notes, make_bundle(source, source / "out.zip")).changed == []


def test_a_note_is_recovered(notes: Notes) -> None:
    """The restore point of the release that replaced it has its text."""
    deployment, clients = notes.release("1.1.0", "Good morning"), Clients()
    point = KeptPoint(BUCKET, find_root(BUCKET, deployment.deployment_id, clients), "", clients)
    recovery = Restoration(aws_world(Settings(bucket=BUCKET)), point, clients, None)
    steps = recovery.plan()
    assert [(one.component, one.level) for one in steps] == [("note", "do")]
    assert recovery.run(steps).trouble == []
    assert notes.read() == "Hello"
