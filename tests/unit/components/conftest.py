"""The same world as that of the components: their recovery works with the same adapters."""

from tests.unit.aws.conftest import world

__all__ = ["world"]
