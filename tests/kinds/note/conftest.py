"""The kind `note` in every registry, and scenes in which only a note is released."""

import pytest

from controller.aws.components import registry as on_aws
from controller.domain.components import registry as rules
from selfright.components import registry as here
from tests.kinds.note.scene import MakeNotes, Notes
from tests.state_machine.conftest import aws, make_scene

__all__ = ["aws", "make_scene"]


@pytest.fixture(autouse=True)
def note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a line to each registry: the product learns nothing else about the kind."""
    monkeypatch.setitem(rules.KINDS, "note", "tests.kinds.note.rules")
    monkeypatch.setitem(on_aws.KINDS, "note", "tests.kinds.note.aws")
    monkeypatch.setitem(here.KINDS, "note", "tests.kinds.note.here")


@pytest.fixture
def notes(make_scene: MakeNotes) -> Notes:
    """An environment in which the note "Hello" is live."""
    made = Notes(make_scene())
    assert made.release("1.0.0", "Hello").phase == "SUCCEEDED"
    return made
