"""Clients that the tests of adapters and of plans share; inside of `mock_aws` they talk to moto."""
# ruff: noqa: ANN401 - botocore clients have no types of their own

from dataclasses import replace
from typing import Any

import boto3
import pytest

from controller import clock

REGION = "eu-central-1"


@pytest.fixture(scope="session")
def s3_client() -> Any:
    """Made once, because that takes longer than a test."""
    return boto3.client("s3", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture(scope="session")
def ssm_client() -> Any:
    """Made once as well."""
    return boto3.client("ssm", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which the machine was asked to sleep; no test of a unit really does."""
    pauses: list[float] = []
    monkeypatch.setattr(clock, "MACHINE", replace(clock.MACHINE, sleep=pauses.append))
    return pauses
