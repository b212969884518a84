"""The properties of a deployment."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import EVIDENCE, Counts, Deployment, Revision, Trip, TripSource, Unsent, Upload
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


@pytest.mark.parametrize("reached", [0, 10])
@pytest.mark.parametrize("source", get_args(TripSource))
def test_only_evidence_about_the_release_condemns_it(source: TripSource, reached: int) -> None:
    """A check and the judge are evidence; an alarm is, once visitors could get the release; nothing else ever is."""
    one = deployment(trip=Trip(AT, source, "It broke."), reached=reached)
    assert one.is_condemned is (source in {"check", "judge"} or (source == "alarm" and reached > 0))


def test_without_a_trip_nothing_is_condemned() -> None:
    """There is no reason to."""
    assert not deployment(reached=100).is_condemned
    assert {"check", "judge", "alarm"} == EVIDENCE


@pytest.mark.parametrize(
    ("phase", "owes", "told"),
    [(Phase.SUCCEEDED, False, True), (Phase.SUCCEEDED, True, False), (Phase.ROLLING_BACK, False, False)],
)
def test_what_has_ended_and_owes_nothing_is_told(phase: Phase, *, owes: bool, told: bool) -> None:
    """The reconciler looks at all others."""
    unsent = {"1": Unsent(phase, "", "")} if owes else {}
    assert replace(deployment(unsent=unsent), phase=phase).is_told is told
