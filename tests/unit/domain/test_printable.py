"""Text in the form in which it may be shown, kept and sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import Trip, Trouble, Unsent, Upload
from controller.domain.phases import Phase
from controller.domain.printable import MESSAGE_BYTES, NAME_BYTES, PART_BYTES, bounded, figure, said, sentences
from controller.domain.timeline import TimelineEvent
from controller.errors import AwsError, InvalidBundleError
from tests.fakes import START

HUGE = "🎒" * 150_000


@given(st.text(max_size=300), st.integers(4, 300))
def test_a_bounded_text_is_the_text_or_its_beginning(text: str, most: int) -> None:
    """It never has more bytes, and an ellipsis says that something is missing."""
    cut = bounded(text, most)
    assert len(cut.encode(errors="replace")) <= most
    assert cut == text or cut.endswith("…")


@pytest.mark.parametrize("hostile", ["\u009b31m", "\u202etxt.exe", "\x1b]0;x\x07", "\ud800", "\u2066", "\x00", "\r"])
def test_no_character_of_a_message_controls_anything(hostile: str) -> None:
    """C0 and C1 controls, marks that turn the direction of writing, and lone surrogates become escapes."""
    assert said(f"a{hostile}b\nc").replace("\n", "").isprintable()
    assert "\n" in said("a\nb")


def test_the_message_of_every_error_is_bounded_and_printable() -> None:
    """Whatever it quotes, and so is its next step."""
    error = InvalidBundleError(f"\x1b{HUGE}", f"\u202e{HUGE}")
    for text in (str(error), error.reason, error.next_step, str(AwsError(HUGE))):
        assert text.isprintable()
        assert MESSAGE_BYTES - 4 <= len(text.encode()) <= MESSAGE_BYTES


def test_every_text_of_the_ledger_is_bounded_where_it_is_made() -> None:
    """So nothing that is read from an older ledger is too long either."""
    unsent, trip = Unsent(Phase.REJECTED, HUGE, HUGE), Trip(START, "person", HUGE)
    upload = Upload("bucket", "key", "v1", 1, START, HUGE, HUGE, HUGE)
    bounds = {
        unsent.reason: MESSAGE_BYTES,
        unsent.next_step: MESSAGE_BYTES,
        trip.reason: MESSAGE_BYTES,
        TimelineEvent(START, "closed", HUGE).message: MESSAGE_BYTES,
        Trouble(START, HUGE).reason: PART_BYTES,
        upload.hotfix: NAME_BYTES,
        upload.by: NAME_BYTES,
        upload.retry: NAME_BYTES,
    }
    assert all(len(text.encode()) <= most for text, most in bounds.items())


def test_no_text_of_the_ledger_has_a_secret_in_it() -> None:
    """Whoever made it, and wherever it came from; also in what an older ledger has."""
    secret = "connect to postgres://app:hunter2@db/x: password=hunter2"
    texts = (
        Trip(START, "fault", secret).reason,
        Trouble(START, secret).reason,
        Unsent(Phase.ROLLED_BACK, secret, "").reason,
        TimelineEvent(START, "task", secret).message,
    )
    assert set(texts) == {"connect to postgres://[redacted]@db/x: password=[redacted]"}


def test_what_is_put_together_reads_as_sentences() -> None:
    """A full stop is added where something follows, and nowhere else."""
    assert sentences("wrong prices", "", "Is it so?", "It failed") == "wrong prices. Is it so? It failed"
    assert sentences("wrong prices") == "wrong prices"
    assert not sentences("", "")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (104, "104"),
        (1.24e6, "1,240,000"),
        (0.0123, "0.0123"),
        (-79.6, "-79.6"),
        (2.0, "2"),
        (1e-9, "0"),
        (0, "0"),
        (float("inf"), "inf"),
    ],
)
def test_figures_have_no_exponent(number: float, shown: str) -> None:
    """Three significant digits, as people write them."""
    assert figure(number) == shown
