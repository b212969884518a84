"""Puts a simulation in the place of the machine: its time, its chance, its threads, its clients.

Everything that the product does not take as an argument is replaced here, for the length of one run.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from unittest.mock import patch

from botocore.credentials import Credentials

from controller import clock
from controller.aws.client import clients
from tests.simulation.calls.clients import SimulatedClient
from tests.simulation.calls.gateway import Client, Gateway
from tests.simulation.engine.scheduler import START, Scheduler
from tests.simulation.engine.threads import SimulatedCondition, SimulatedLock, SimulatedPool, Threads

POOLS = (
    "controller.aws.client.uploads",
    "controller.aws.components.function.invoking.load_runs",
    "controller.domain.checks.page_load",
    "controller.flow.preconditions.export",
    "controller.flow.rollback.traffic",
    "controller.probing",
    "controller.flow.shared.arrival",
    "controller.flow.shared.synthetic_requests",
    "controller.flow.test",
)
"""The modules of the product that use a `ThreadPoolExecutor`; a test compares this with the sources."""
LOCKS = ("controller.aws.client.credentials", "controller.aws.client.pacing", "controller.aws.ledger.budget")
CONDITIONS = ("controller.aws.client.uploads",)
_CURRENT: list[Gateway] = []


@contextmanager
def installed(scheduler: Scheduler, gateway: Gateway) -> Iterator[None]:
    """Let the product run in this simulation, and in none other, inside the block."""
    chance = scheduler.chance
    source = clock.TimeAndChance(
        now=scheduler.now,
        monotonic=scheduler.monotonic,
        sleep=lambda seconds: scheduler.sleep(seconds) if scheduler.current else None,
        share=chance.random,
        token=lambda size: f"{chance.getrandbits(8 * size):0{2 * size}x}",
    )
    with ExitStack() as stack:
        stack.enter_context(patch.object(clock, "MACHINE", source))
        stack.enter_context(patch.object(clients, "_client", _client))
        stack.enter_context(patch.object(Threads, "scheduler", scheduler))
        for names, attribute, made in _replaced():
            for name in names:
                stack.enter_context(patch.object(import_module(name), attribute, made))
        _CURRENT.append(gateway)
        stack.callback(_CURRENT.pop)
        yield


def _replaced() -> list[tuple[tuple[str, ...], str, Callable[..., object]]]:
    return [
        (POOLS, "ThreadPoolExecutor", SimulatedPool),
        (LOCKS, "Lock", SimulatedLock),
        (CONDITIONS, "Condition", SimulatedCondition),
    ]


@cache
def _made(service: str, read_seconds: int, attempts: int) -> SimulatedClient:
    return SimulatedClient(lambda: _CURRENT[-1], Client(service, read_seconds, attempts))


def _client(
    service: str,
    read_seconds: int = clients.READ_SECONDS,
    attempts: int = clients.ATTEMPTS,
    credentials: Credentials | None = None,
) -> SimulatedClient:
    if credentials is None:
        return _made(service, read_seconds, attempts)
    return SimulatedClient(lambda: _CURRENT[-1], Client(service, read_seconds, attempts), credentials)


__all__ = ["START", "installed"]
