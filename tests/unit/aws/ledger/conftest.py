"""What the tests of the ledger share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.aws.ledger_table import a_table


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """A client, with an empty ledger."""
    with a_table() as client:
        yield client
