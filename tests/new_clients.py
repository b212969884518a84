"""The clients of a process are kept: tests that look elsewhere have them made anew, and leave none behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.aws.client import clients


@contextmanager
def new_clients() -> Iterator[None]:
    """No client is there from before, nor afterwards; botocore's session remembers where its configuration is."""
    _forget()
    try:
        yield
    finally:
        _forget()


def _forget() -> None:
    clients._made.cache_clear()
    clients._made_for_role.cache_clear()
    clients._session.cache_clear()
