"""A seeded minute of fuzzing: whatever a stranger made, it is read or refused in the domain's own words."""

import time
from random import Random

import pytest

from controller.domain.printable import MESSAGE_BYTES
from controller.errors import InvalidBundleError
from tests.fuzzing.mutations import mutated
from tests.fuzzing.readers import READERS, Reader

INPUTS = {"page": 4000}
"""Reader → how many inputs a few seconds are enough for; 15,000 for the others."""


def refusal(reader: Reader, data: bytes) -> str:
    """Why an input is refused; "" when it is read."""
    try:
        reader.read(data)
    except InvalidBundleError as error:
        return error.reason
    return ""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:deprecated string literal syntax:PendingDeprecationWarning")
@pytest.mark.parametrize("name", READERS)
def test_no_input_raises_anything_but_the_domains_own_error(name: str) -> None:
    """Its message is bounded and printable, and it comes within seconds."""
    reader, random = READERS[name], Random(name)
    for _ in range(INPUTS.get(name, 15_000)):
        data, started = mutated(random, reader.seeds, reader.words), time.monotonic()
        reason = refusal(reader, data)
        assert reason.replace("\n", "").isprintable(), data
        assert len(reason.encode()) <= MESSAGE_BYTES, data
        assert time.monotonic() - started < 20, data


@pytest.mark.parametrize("name", READERS)
def test_what_fuzzing_begins_with_is_read(name: str) -> None:
    """Otherwise it would not come far."""
    for seed in READERS[name].seeds[:1]:
        READERS[name].read(seed)
