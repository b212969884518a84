"""A kind that no product file knows is released, rolled back and exported through the real handlers."""

import pytest

from controller.domain.bundle.manifest import make_manifest
from controller.domain.phases import Phase
from controller.errors import InvalidBundleError
from tests.kinds.note.scene import MakeNotes, Notes


def test_a_note_is_released(notes: Notes) -> None:
    """It is validated, staged, tested and shifted, and its readers get the new text."""
    deployment = notes.release("1.1.0", "Good morning")
    notes.scene.check()
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ("note",))
    assert notes.read() == "Good morning"


def test_an_unchanged_note_is_left_alone(notes: Notes) -> None:
    """The same text is the same revision."""
    deployment = notes.release("1.1.0", "Hello")
    notes.scene.check()
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ())


def test_an_alarm_rolls_a_note_back(notes: Notes) -> None:
    """Readers get the former text, and the bad one is deleted."""
    notes.scene.at("Judge canary", "before", notes.scene.alarm_flickers)
    deployment = notes.release("1.1.0", "Go away")
    notes.scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert (notes.read(), notes.text(deployment.staged["note"].id)) == ("Hello", "")


def test_a_person_rolls_a_note_back(notes: Notes) -> None:
    """A rollback after the release restores the former text."""
    released = notes.release("1.1.0", "Good morning")
    notes.scene.roll_back(released.deployment_id)
    notes.scene.check()
    assert notes.read() == "Hello"


def test_the_live_note_is_exported(notes: Notes) -> None:
    """The restore point of a release has the text that was live before."""
    deployment = notes.release("1.1.0", "Good morning")
    assert notes.exported(deployment) == {"prefix": f"notes/{notes.scene.name}", "text": "Hello"}


def test_its_own_rules_refuse_a_bundle(notes: Notes) -> None:
    """A note that its environment does not accept is rejected before anything changes."""
    deployment = notes.release("1.1.0", "Guten Morgen", language="de")
    notes.scene.check()
    assert deployment.phase is Phase.REJECTED
    assert "components.note: 'de' is not read here" in deployment.reason
    notes.configure(languages=["de", "en"])
    assert notes.release("1.1.0", "Guten Morgen", language="de").phase is Phase.SUCCEEDED


def test_the_first_release_of_a_note_is_rolled_back(make_scene: MakeNotes) -> None:
    """There was no note before, and there is none afterwards."""
    notes = Notes(make_scene())
    notes.scene.at("Judge canary", "before", notes.scene.alarm_flickers)
    assert notes.release("1.0.0", "Go away").phase is Phase.ROLLED_BACK
    notes.scene.check()
    assert notes.read() == ""


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "note", "artifact": "a.txt", "langauge": "de"}, "`components.x.langauge` is not a known key"),
        ({"kind": "note", "artifact": "a.txt", "langauge": "de"}, "did you mean 'language'?"),
        ({"kind": "nota", "artifact": "a.txt"}, "`components.x.kind` 'nota' is not known (did you mean 'note'?"),
    ],
)
def test_a_misspelt_key_is_reported_with_the_known_ones(entry: dict[str, str], message: str) -> None:
    """The messages are those of all kinds."""
    with pytest.raises(InvalidBundleError) as caught:
        make_manifest({"application": "shop", "version": "1", "components": {"x": entry}})
    assert message in str(caught.value)


def test_a_check_cannot_request_a_note() -> None:
    """A check needs a component that answers requests."""
    content = {
        "application": "shop",
        "version": "1",
        "components": {"x": {"kind": "note", "artifact": "a.txt"}},
        "verification": {"checks": [{"component": "x", "path": "/"}]},
    }
    with pytest.raises(InvalidBundleError, match="of kind note, which answers no requests"):
        make_manifest(content)
