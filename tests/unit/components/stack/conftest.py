"""The world for plans."""

from tests.unit.planning.conftest import world

__all__ = ["world"]
