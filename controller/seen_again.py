"""Reads again what contradicts everything known, before it is believed.

Most reads of AWS are eventually consistent: for some seconds after a write they may say what was there before. So an
answer that agrees with what is expected is believed at once, and costs nothing. An answer that does not (somebody else
changed it, it does not exist) is asked for again, for a little longer than an answer can be old. Whoever reads in order
to write conditionally asks for the permit after the last read.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from controller import clock
from controller.errors import ChangedByOthersError, ConflictError, LedgerConflictError, NotFoundError

Answer = TypeVar("Answer")
PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between two reads. A read is old for five seconds at most, as far as that is known; they are six together."""


def _anything(_: object) -> bool:
    return True


def seen_again(
    read: Callable[[], Answer],
    expected: Callable[[Answer], bool] = _anything,
    sleep: Callable[[float], None] = clock.sleep,
) -> Answer:
    """What `read` says as soon as that is as `expected`, or else what it says in the end.

    A `ChangedByOthersError` or `NotFoundError` that it raises is not expected either; the last one is raised.
    """
    for pause in PAUSES:
        with suppress(ChangedByOthersError, NotFoundError):
            answer = read()
            if expected(answer):
                return answer
        sleep(pause)
    return read()


def unless_changed(act: Callable[[], Answer], sleep: Callable[[float], None] = clock.sleep) -> Answer:
    """What `act` returns as soon as nobody else writes between its reading and its writing.

    Raises the last `ConflictError`. That its deployment has ended is no such conflict, and is raised at once.
    """
    for pause in PAUSES:
        try:
            return act()
        except LedgerConflictError:
            raise
        except ConflictError:
            sleep(pause)
    return act()
