"""Reconcile: the function fails when it could not do its work."""

from dataclasses import replace

import pytest

from controller.errors import SelfrightError
from controller.handlers.reconcile import handle
from tests.unit.flow.scenes import a_silent_deployment


def test_a_reconciler_that_fails_reports_it_after_all_were_checked() -> None:
    """Its own alarm counts the errors of the function."""
    world = a_silent_deployment()
    world.deployments.known["d2"] = replace(world.deployments.known["d2"], environment="gone")
    world.workflows.running.clear()
    world.workflows.start_rollback = _broken  # type: ignore[method-assign]
    with pytest.raises(SelfrightError, match="d2: failed: no"):
        handle(world, {})


def _broken(*_: object) -> None:
    raise SelfrightError("no")
