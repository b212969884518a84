"""Fences for tests that move a component themselves: which way, and whether the deployment may still go it."""

from collections.abc import Callable

from controller.ports.components import Fence


def forward(check: Callable[[], object] = lambda: None, token: int = 4) -> Fence:
    """The fence of a deployment that goes forward, as long as `check` raises nothing."""
    return Fence(token, "forward", check)


def back(check: Callable[[], object] = lambda: None, token: int = 4) -> Fence:
    """The fence of a deployment that goes back, as long as `check` raises nothing."""
    return Fence(token, "back", check)


FORWARD, BACK = forward(), back()
