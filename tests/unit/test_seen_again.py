"""What contradicts is read again; what is as expected is believed at once."""

from collections.abc import Callable

import pytest

from controller.errors import AwsError, ChangedByOthersError, NotFoundError
from controller.seen_again import PAUSES, seen_again
from selfright.weather import CLIMATES, figures


def answers(*given: object) -> Callable[[], object]:
    """Reads that give these answers, and at last the same again and again."""
    left = list(given)

    def read() -> object:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return read


def test_what_is_expected_is_believed_at_once(slept: list[float]) -> None:
    """Nothing gets slower where all is well."""
    assert seen_again(answers("ours"), lambda one: one == "ours") == "ours"
    assert slept == []


@pytest.mark.parametrize("first", ["theirs", ChangedByOthersError("theirs"), NotFoundError("nothing")])
def test_what_contradicts_is_read_again(first: object, slept: list[float]) -> None:
    """Another value, another person's change, and something missing are all doubted."""
    assert seen_again(answers(first, "ours"), lambda one: one == "ours") == "ours"
    assert slept == [PAUSES[0]]


def test_what_is_seen_again_and_again_is_believed(slept: list[float]) -> None:
    """In the end a contradiction is the truth, whether it is a value or an error."""
    assert seen_again(answers("theirs"), lambda one: one == "ours") == "theirs"
    with pytest.raises(NotFoundError):
        seen_again(answers(NotFoundError("nothing")))
    assert slept == [*PAUSES, *PAUSES]


def test_other_errors_are_not_doubted(slept: list[float]) -> None:
    """Somebody who may not read will not be allowed to by asking again."""
    with pytest.raises(AwsError):
        seen_again(answers(AwsError("no"), "ours"))
    assert slept == []


def test_the_pauses_are_longer_than_a_read_can_be_old() -> None:
    """The weather says how long that is."""
    assert sum(PAUSES) > max(figures()["read_is_stale"].lateness(climate).worst for climate in CLIMATES)
