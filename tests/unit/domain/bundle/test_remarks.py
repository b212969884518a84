"""What people are told of a release before it is released."""

import io
from typing import Any

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.remarks import MOST, bounded, remarks_beside, remarks_on, remarks_on_alarms
from controller.domain.environment import Environment
from tests.builders import a_bundle


def remarks(bundle: bytes) -> tuple[str, ...]:
    """The remarks on this bundle."""
    archive = BundleArchive(io.BytesIO(bundle))
    return remarks_on(archive.manifest(), archive)


CHECKS = ({"component": "api", "path": "/"}, {"component": "site", "path": "/"})


def test_a_component_without_checks_is_said() -> None:
    """It could be checked, and nobody does."""
    (said,) = [one for one in remarks(a_bundle(checks=({"component": "site", "path": "/"},))) if "check" in one]
    assert said.startswith("api: No check looks at it")


def test_a_release_whose_components_are_all_checked_says_nothing_of_checks() -> None:
    """What is as it should be needs no words."""
    assert not [one for one in remarks(a_bundle()) if "check" in one]


ENVIRONMENT = Environment.model_validate(
    {
        "application": "smartpack",
        "environment": "prod",
        "components": {
            name: {"kind": "parameters", "prefix": f"/smartpack/prod/{name}"} for name in ("api", "site", "jobs")
        },
    }
)


def beside(version: str, live: str, *served: str) -> list[str]:
    """The remarks on this version of the bundle beside what is live."""
    return list(remarks_beside(BundleArchive(io.BytesIO(a_bundle(version))).manifest(), ENVIRONMENT, live, served))


FUNCTION = {"kind": "function", "function_name": "api"}
SITE = {"kind": "site", "bucket": "site", "routing_function": "routing"}
COMPARED = {"deployment_preference": {"type": "Canary10Percent5Minutes"}}
AT_ONCE = {"deployment_preference": {"type": "AllAtOnce"}}
LIMITED = {**AT_ONCE, "judge": {"limits": {"error_rate": 0.1}}}


@pytest.mark.parametrize(
    ("members", "blind"),
    [
        (COMPARED, ["site"]),
        (AT_ONCE, ["api", "site"]),
        (LIMITED, ["site"]),
        ({"deployment_preference": {"type": "AllAtOnce", "alarms": ["errors"]}}, []),
    ],
)
def test_a_component_at_which_nothing_looks_is_called_blind(members: dict[str, Any], blind: list[str]) -> None:
    """The environment has no alarm, the bundle no check, and its versions are neither compared nor limited."""
    known = {"application": "smartpack", "environment": "prod", "components": {"api": FUNCTION, "site": SITE}}
    environment = Environment.model_validate({**known, **members})
    for checks, expected in (((), blind), (CHECKS, [])):
        manifest = BundleArchive(io.BytesIO(a_bundle(checks=checks))).manifest()
        said = [one for one in remarks_beside(manifest, environment, "", ()) if "Blind: " in one]
        assert [one.partition(":")[0] for one in said] == expected


def test_a_site_is_compared_with_nothing() -> None:
    """CloudFront's numbers know no versions, so the judge does not guard it; a function's versions are compared."""
    api, site = (one for one in remarks(a_bundle(checks=())) if "No check" in one)
    assert api == "api: No check looks at it, so alarms and the comparison with stable alone guard it."
    assert site == "site: No check looks at it, so alarms alone guard it."


def test_an_older_version_after_a_newer_one_is_said() -> None:
    """It may be meant; often it is a bundle of yesterday."""
    assert beside("1.0.9", "1.0.10") == ["Version 1.0.9 is older than 1.0.10, which is live."]
    assert beside("1.0.10", "1.0.9") == beside("1.0.9", "") == []


def test_a_component_that_was_dropped_from_the_bundle_is_said() -> None:
    """What is live of it stays, also if it was removed on purpose; what the environment does not have is no matter."""
    assert beside("1.0.0", "", "api", "jobs", "gone") == [
        "jobs: It is not in this bundle, so what is live of it stays."
    ]


def test_an_alarm_without_data_is_said() -> None:
    """It is quiet, and guards nothing."""
    states = {"errors": "INSUFFICIENT_DATA", "slow": "OK"}
    assert list(remarks_on_alarms(states)) == ["Alarm errors has no data: until there are some, it guards nothing."]
    assert list(remarks_on_alarms({"slow": "OK"})) == []
    assert list(remarks_on_alarms({"slow": "INSUFFICIENT_DATA", "errors": "INSUFFICIENT_DATA"})) == [
        "Alarms errors, slow have no data: until there are some, they guard nothing."
    ]


def test_many_remarks_are_counted() -> None:
    """Nobody reads a thousand, and the ledger need not keep them."""
    known = bounded(str(number) for number in range(100))
    assert len(known) == MOST
    assert known[-1] == f"There are {100 - MOST + 1} more remarks."
