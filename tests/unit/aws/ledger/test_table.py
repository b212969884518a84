"""How plain values are written in the ledger, and read again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.ledger.table import deployment_key, environment_pk, key, marshal, unmarshal
from controller.domain.deployment import Revision
from controller.domain.phases import Phase

json = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**37), 10**37), st.text()),
    lambda children: st.one_of(st.lists(children), st.dictionaries(st.text(), children)),
    max_leaves=20,
)


@given(json)
def test_a_value_is_read_as_it_was_written(value: object) -> None:
    """Booleans stay booleans, numbers numbers, and texts texts."""
    read = unmarshal(marshal(value))
    assert read == value
    assert type(read) is type(value)


def test_phases_times_and_dataclasses_become_plain() -> None:
    """People and other programs can read the ledger."""
    assert marshal(Phase.STAGING) == {"S": "STAGING"}
    assert marshal(datetime(2026, 1, 2, tzinfo=UTC)) == {"S": "2026-01-02T00:00:00Z"}
    assert marshal({"api": Revision("7")}) == {
        "M": {"api": {"M": {"id": {"S": "7"}, "digest": {"S": ""}, "mark": {"S": ""}, "indivisible": {"S": ""}}}}
    }


def test_members_that_are_none_are_left_out() -> None:
    """So a condition can check whether they exist."""
    assert marshal({"trip": None, "phase": "x"}) == {"M": {"phase": {"S": "x"}}}
    assert unmarshal(marshal(None)) is None


@given(st.floats(allow_nan=False))
def test_fractions_are_kept_as_text(value: float) -> None:
    """As numbers of DynamoDB they would lose digits or be refused."""
    assert float(unmarshal(marshal(value))) == value


def test_a_value_that_json_does_not_have_is_refused() -> None:
    """Every written value can be read."""
    with pytest.raises(ValueError, match="serialize"):
        marshal(object())


def test_keys_are_as_the_table_is_described() -> None:
    """Programs outside the controller read the table by these keys."""
    assert key("a", "b") == {"pk": {"S": "a"}, "sk": {"S": "b"}}
    assert deployment_key("d1") == key("DEPLOYMENT#d1", "DEPLOYMENT")
    assert environment_pk("smartpack/prod") == "ENVIRONMENT#smartpack/prod"
