"""A kind that no product file knows is released, rolled back and exported through the real handlers."""

import pytest

from controller.domain.bundle.manifest import make_manifest
from controller.domain.phases import Phase
from controller.errors import InvalidBundleError
from tests.kinds.note.scene import MakeNotes, Notes


def test_a_note_is_released(notes: Notes) -> None:
    """It is validated, staged, tested and shifted; its readers get the new text."""
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
    """Readers get the former text, and the bad one is taken away."""
    notes.scene.at("Judge canary", "before", notes.scene.alarm_flickers)
    deployment = notes.release("1.1.0", "Go away")
    notes.scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert (notes.read(), notes.text(deployment.staged["note"].id)) == ("Hello", "")


def test_a_person_rolls_a_note_back(notes: Notes) -> None:
    """After it was released."""
    released = notes.release("1.1.0", "Good morning")
    notes.scene.roll_back(released.deployment_id)
    notes.scene.check()
    assert notes.read() == "Hello"


def test_what_was_live_is_exported(notes: Notes) -> None:
    """The restore point of a release has the text that was read before."""
    deployment = notes.release("1.1.0", "Good morning")
    assert notes.exported(deployment) == {"prefix": f"notes/{notes.scene.name}", "text": "Hello"}


def test_its_own_rules_refuse_a_bundle(notes: Notes) -> None:
    """What its environment cannot take is rejected before anything is touched."""
    deployment = notes.release("1.1.0", "Guten Morgen", language="de")
    notes.scene.check()
    assert deployment.phase is Phase.REJECTED
    assert "components.note: nobody reads 'de' here" in deployment.reason
    notes.configure(languages=["de", "en"])
    assert notes.release("1.1.0", "Guten Morgen", language="de").phase is Phase.SUCCEEDED


def test_the_first_release_of_a_note_is_taken_back(make_scene: MakeNotes) -> None:
    """Where none was before, none is afterwards."""
    notes = Notes(make_scene())
    notes.scene.at("Judge canary", "before", notes.scene.alarm_flickers)
    assert notes.release("1.0.0", "Go away").phase is Phase.ROLLED_BACK
    notes.scene.check()
    assert notes.read() == ""


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"kind": "note", "artifact": "a.txt", "langauge": "de"}, "`components.x.langauge` is not a known key"),
        ({"kind": "note", "artifact": "a.txt", "langauge": "de"}, "did you mean 'language'?"),
        ({"kind": "nota", "artifact": "a.txt"}, "`components.x.kind` 'nota' is not known (did you mean 'note'?"),
    ],
)
def test_its_keys_are_told_where_one_is_misspelt(entry: dict[str, str], told: str) -> None:
    """By the messages that all kinds have."""
    with pytest.raises(InvalidBundleError) as caught:
        make_manifest({"application": "shop", "version": "1", "components": {"x": entry}})
    assert told in str(caught.value)


def test_nobody_asks_a_note_for_a_page() -> None:
    """A check needs a component that answers."""
    content = {
        "application": "shop",
        "version": "1",
        "components": {"x": {"kind": "note", "artifact": "a.txt"}},
        "verification": {"checks": [{"component": "x", "path": "/"}]},
    }
    with pytest.raises(InvalidBundleError, match="of kind note, which answers no requests"):
        make_manifest(content)
