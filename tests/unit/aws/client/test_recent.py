"""What several callers ask of AWS at the same moment is asked once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from controller.aws.client.recent import KEPT, Recent
from controller.errors import TransientError


def counting() -> Callable[[], int]:
    """Something to read that is another number each time."""
    numbers: Iterator[int] = count(1)
    return lambda: next(numbers)


def test_an_answer_is_given_again_for_a_few_seconds() -> None:
    """After that, somebody may have changed it."""
    times = iter([0, 0, 1, 1 + KEPT, 1 + KEPT])
    recent, read = Recent(lambda: next(times)), counting()
    assert [recent.of("api", read) for _ in range(3)] == [1, 1, 2]


def test_everything_has_an_answer_of_its_own() -> None:
    """Two APIs are two questions."""
    recent, read = Recent(lambda: 0.0), counting()
    assert [recent.of(api, read) for api in ("one", "two", "one")] == [1, 2, 1]


def test_those_who_ask_at_the_same_moment_share_one_reading() -> None:
    """Thirty functions behind one API are one question."""
    recent, read, begun, may_end = Recent(), counting(), Event(), Event()

    def slowly() -> int:
        begun.set()
        may_end.wait(5)
        return read()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(recent.of, "api", slowly) for _ in range(8)]
        begun.wait(5)
        may_end.set()
        assert {one.result() for one in asked} == {1}


def test_a_failure_is_not_kept() -> None:
    """Whoever asks after it asks AWS again."""
    recent = Recent()

    def fail() -> int:
        raise TransientError("throttled")

    with pytest.raises(TransientError):
        recent.of("api", fail)
    assert recent.of("api", counting()) == 1
