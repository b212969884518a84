"""The world that plans are made in."""

from tests.unit.planning.conftest import world

__all__ = ["world"]
