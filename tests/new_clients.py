"""The clients of a process are kept: tests that look elsewhere have their own, and leave none behind."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from controller.aws.client import clients

OwnClients = Mapping[str, Any]
"""What keeps clients, by its name in `controller.aws.client.clients`."""


def own_clients() -> OwnClients:
    """Keeps none yet; botocore's session is one's own, too, because it remembers where its configuration is."""
    return {
        "_made": cache(clients._made.__wrapped__),
        "_made_for_role": lru_cache(clients.KEPT)(clients._made_for_role.__wrapped__),
        "_session": cache(clients._session.__wrapped__),
    }


@contextmanager
def using(own: OwnClients) -> Iterator[None]:
    """These are used and kept, and no others."""
    before = {name: getattr(clients, name) for name in own}
    vars(clients).update(own)
    try:
        yield
    finally:
        vars(clients).update(before)


@contextmanager
def new_clients() -> Iterator[None]:
    """No client is there from before, nor afterwards."""
    with using(own_clients()):
        yield
