"""Durations: users' forms are read, and written forms can be read again."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from controller.domain.durations import Between, seconds, written


class Model(BaseModel):
    """A model with a duration, and one that may be missing."""

    bake: Annotated[int, Between("10s", "1h")] = 60
    settle: Annotated[int, Between("0s", "1m")] | None = None


@pytest.mark.parametrize(
    ("text", "length"),
    [("0s", 0), ("90s", 90), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("7d", 604_800), ("1d2h3m4s", 93_784)],
)
def test_a_duration_is_read_in_seconds(text: str, length: int) -> None:
    """It has days, hours, minutes and seconds, in this order."""
    assert seconds(text) == length


@pytest.mark.parametrize(
    "value",
    ["", "10", "10 m", "10min", "m", "1.5h", "-1m", "1m1h", "1m1m", "10M", "٣s", "10m\n", None, True, 1.5, ["1m"]],
)
def test_other_values_are_refused(value: object) -> None:
    """The message shows how to write a duration."""
    with pytest.raises(ValueError, match="must be a duration such as '30s', '10m' or '1h30m'"):
        seconds(value)


def test_a_bare_number_is_refused_with_what_was_probably_meant() -> None:
    """300 could be seconds or minutes, so the message says how to write seconds."""
    with pytest.raises(ValueError, match=r"not 300 \(seconds are written '300s'\)"):
        seconds(300)


@given(st.integers(0, 10**9))
def test_a_written_duration_is_read_as_the_same(length: int) -> None:
    """So users can copy a suggested duration into the environment."""
    assert seconds(written(length)) == length


@pytest.mark.parametrize("text", ["9s", "61m", "1d"])
def test_a_field_states_its_bounds_as_durations(text: str) -> None:
    """The message repeats the value as it was written, too."""
    with pytest.raises(ValidationError, match=f"must be from 10s to 1h, not {text}"):
        Model(bake=text)


@pytest.mark.parametrize("text", ["10s", "1h"])
def test_both_bounds_are_allowed(text: str) -> None:
    """The shortest and the longest duration are valid."""
    assert Model(bake=text).bake == seconds(text)


@pytest.mark.parametrize("mode", ["json", "python"])
def test_a_model_that_is_written_can_be_read_again(mode: str) -> None:
    """A restore point holds the environment as it was, and a recovery reads it."""
    model = Model(bake="90s")
    assert model.model_dump(mode=mode) == {"bake": "1m30s", "settle": None}
    assert Model.model_validate(model.model_dump(mode=mode)) == model
