"""The same world as that of the command line."""

from tests.unit.cli.conftest import account, clients, world

__all__ = ["account", "clients", "world"]
