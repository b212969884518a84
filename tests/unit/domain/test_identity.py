import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import Upload
from controller.domain.identity import UploadTarget, deployment_id, parse_key, uploaded_at
from controller.errors import InvalidBundleError

UPLOAD = Upload("artifacts", "incoming/smartpack/prod/1.zip", "v1", 10, datetime(2025, 7, 1, 9, 8, 7, tzinfo=UTC))


def test_a_key_names_application_and_environment() -> None:
    """The upload key has both names."""
    assert parse_key("incoming/smartpack/prod/My release (2).zip") == UploadTarget("smartpack", "prod")


REFUSED = {
    "no prefix": ("smartpack/prod/x.zip", "does not begin with 'incoming/'"),
    "no environment": ("incoming/smartpack/x.zip", "3 parts"),
    "nested": ("incoming/smartpack/prod/july/x.zip", "5 parts"),
    "no zip": ("incoming/smartpack/prod/x.tar.gz", ".zip"),
    "no name": ("incoming/smartpack/prod/.zip", ".zip"),
    "folder": ("incoming/smartpack/prod/", ".zip"),
    "empty application": ("incoming//prod/x.zip", "application names"),
    "upper case": ("incoming/SmartPack/prod/x.zip", "application names"),
    "dots": ("incoming/smartpack/../x.zip", "environment names"),
    "line end": ("incoming/smartpack/prod\n/x.zip", "environment names"),
}


@pytest.mark.parametrize(("key", "reason"), REFUSED.values(), ids=REFUSED)
def test_other_keys_are_refused_with_the_form_to_use(key: str, reason: str) -> None:
    """The error says what is wrong with the key, and which form it must have."""
    with pytest.raises(InvalidBundleError) as caught:
        parse_key(key)
    assert reason in caught.value.reason
    assert caught.value.reason.isprintable()
    assert "incoming/<application>/<environment>/<anything>.zip" in caught.value.next_step


@given(st.text())
def test_any_key_is_read_or_refused(key: str) -> None:
    """No key crashes the reader."""
    try:
        parse_key(key)
    except InvalidBundleError:
        return
    assert key.startswith("incoming/")


def test_an_id_has_the_environment_and_the_time() -> None:
    """People recognise a deployment by its id."""
    assert re.fullmatch(r"smartpack-prod-20250701T090807-[0-9a-f]{6}", deployment_id("smartpack", "prod", UPLOAD))


def test_the_time_of_an_upload_is_read_from_an_id() -> None:
    """So it is known whether a deployment of that name can still come."""
    assert uploaded_at(deployment_id("smartpack", "prod", UPLOAD)) == UPLOAD.uploaded_at
    for text in ("smartpack-prod", "smartpack-prod-20259901T090807-3f9a01", "smartpack-prod-20250701T090807-3f9a"):
        assert uploaded_at(text) is None


def test_the_same_upload_has_the_same_id() -> None:
    """A repeated event finds the existing deployment."""
    assert deployment_id("smartpack", "prod", UPLOAD) == deployment_id("smartpack", "prod", replace(UPLOAD, size=11))


@pytest.mark.parametrize(
    "change", [{"version_id": "v2"}, {"key": "incoming/smartpack/prod/2.zip"}, {"bucket": "other"}]
)
def test_another_upload_has_another_id(change: dict[str, Any]) -> None:
    """Another version, key or bucket is another deployment."""
    assert deployment_id("smartpack", "prod", UPLOAD) != deployment_id("smartpack", "prod", replace(UPLOAD, **change))


def test_an_id_leaves_room_in_the_name_of_an_execution() -> None:
    """Names of executions have at most 80 characters, and a rollback's execution has more than the id in it."""
    assert len(deployment_id("a" * 31, "b" * 31, UPLOAD)) == 64
