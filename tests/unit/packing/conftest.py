"""An account with a controller in it."""

from tests.cli_fixtures import account, clients, world

__all__ = ["account", "clients", "world"]
