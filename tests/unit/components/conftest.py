"""The same world as that of the components: their recovery works with the same adapters; and an empty account."""

from tests.cli_fixtures import account, clients
from tests.unit.aws.conftest import world

__all__ = ["account", "clients", "world"]
