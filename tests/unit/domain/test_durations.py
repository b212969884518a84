"""Durations: read as people write them, written as they are read."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from controller.domain.durations import Between, seconds, written


class Model(BaseModel):
    """A field that is a duration, and one that may be missing."""

    bake: Annotated[int, Between("10s", "1h")] = 60
    settle: Annotated[int, Between("0s", "1m")] | None = None


@pytest.mark.parametrize(
    ("text", "length"),
    [("0s", 0), ("90s", 90), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("7d", 604_800), ("1d2h3m4s", 93_784)],
)
def test_it_is_read_in_seconds(text: str, length: int) -> None:
    """Days, hours, minutes and seconds, in this order."""
    assert seconds(text) == length


@pytest.mark.parametrize(
    "value",
    ["", "10", "10 m", "10min", "m", "1.5h", "-1m", "1m1h", "1m1m", "10M", "٣s", "10m\n", None, True, 1.5, ["1m"]],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    """The message shows how one is written."""
    with pytest.raises(ValueError, match="must be a duration such as '30s', '10m' or '1h30m'"):
        seconds(value)


def test_a_bare_number_is_refused_with_what_was_probably_meant() -> None:
    """Nobody can see whether 300 are seconds or minutes, so it says how seconds are written."""
    with pytest.raises(ValueError, match=r"not 300 \(seconds are written '300s'\)"):
        seconds(300)


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_as_the_same(length: int) -> None:
    """So a suggested duration can be copied into the environment."""
    assert seconds(written(length)) == length


@pytest.mark.parametrize("text", ["9s", "61m", "1d"])
def test_a_field_says_its_bounds_as_durations(text: str) -> None:
    """In the words in which the value was written, too."""
    with pytest.raises(ValidationError, match=f"must be from 10s to 1h, not {text}"):
        Model(bake=text)


@pytest.mark.parametrize("text", ["10s", "1h"])
def test_the_bounds_belong_to_it(text: str) -> None:
    """Both of them."""
    assert Model(bake=text).bake == seconds(text)


@pytest.mark.parametrize("mode", ["json", "python"])
def test_a_model_that_is_written_can_be_read_again(mode: str) -> None:
    """A restore point holds the environment as it was, and a recovery reads it."""
    model = Model(bake="90s")
    assert model.model_dump(mode=mode) == {"bake": "1m30s", "settle": None}
    assert Model.model_validate(model.model_dump(mode=mode)) == model
