"""The properties of a deployment."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import Counts, Deployment, Revision, Upload
from controller.domain.phases import Phase

AT = datetime(2026, 1, 2, tzinfo=UTC)


def deployment(**fields: Any) -> Deployment:  # noqa: ANN401 - any field
    """A deployment with these fields."""
    upload = Upload("bucket", "incoming/smartpack/prod/a.zip", "v1", 10, AT)
    return Deployment("d1", "smartpack", "prod", Phase.STAGING, upload, "arn", AT, AT, **fields)


def test_the_environment_key_names_application_and_environment() -> None:
    """Two applications may both have a `prod`."""
    assert deployment().environment_key == "smartpack/prod"


def test_changed_are_the_components_with_another_revision() -> None:
    """A component whose staged revision is already live gets no traffic step."""
    before = {"api": Revision("7"), "site": Revision("aa")}
    after = {"site": Revision("bb"), "api": Revision("7")}
    assert deployment(restore_point=before, staged=after).changed == ("site",)


def test_a_component_without_a_restore_point_is_changed() -> None:
    """A component that did not exist before is new."""
    assert deployment(restore_point={}, staged={"b": Revision("1"), "a": Revision("2")}).changed == ("a", "b")


def test_nothing_staged_is_nothing_changed() -> None:
    """Before staging, there is nothing to restore."""
    assert deployment().changed == ()
    assert deployment(restore_point={"api": Revision("7")}).changed == ()


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=6))
def test_counts_add_up(pairs: list[tuple[int, int]]) -> None:
    """The counts of all components together are those of the release."""
    total = sum((Counts(requests, errors) for requests, errors in pairs), start=Counts())
    assert total == Counts(sum(requests for requests, _ in pairs), sum(errors for _, errors in pairs))


def test_the_error_rate_of_nothing_is_zero() -> None:
    """Without requests there are no failures."""
    assert Counts().error_rate == 0
    assert Counts(4, 1).error_rate == 0.25


def test_a_newcomer_has_no_visitors_before_the_first_step_and_all_from_then_on() -> None:
    """The others go by the steps; and after a rollback, with the weight at zero, nobody has visitors."""
    one = deployment(
        restore_point={"api": Revision("6"), "site": Revision("")},
        staged={"api": Revision("7"), "site": Revision("bb")},
        served_before=("api",),
    )
    assert [replace(one, weight=weight).weight_of("site") for weight in (0, 10, 100)] == [0, 100, 100]
    assert [replace(one, weight=weight).weight_of("api") for weight in (0, 10, 100)] == [0, 10, 100]
