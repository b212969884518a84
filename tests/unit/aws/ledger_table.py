"""The ledger's table in moto, as the controller's stack creates it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from controller.domain.deployment import Deployment, Upload
from controller.domain.phases import Phase
from tests.fakes import START

TABLE = "ledger"


@cache
def client(service: str) -> Any:  # noqa: ANN401 - any of boto3's clients
    """A client, made once, because that takes longer than a test."""
    names = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        return boto3.client(service, region_name="eu-central-1", **names)  # type: ignore[call-overload]


@contextmanager
def a_table() -> Iterator[Any]:
    """DynamoDB with an empty ledger."""
    index = {"Projection": {"ProjectionType": "ALL"}}
    keys = [("open", "open"), ("by_environment", "environment_key")]
    names = ["pk", "sk", "open", "environment_key", "sort_key"]
    with mock_aws():
        client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=_schema("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[
                {"IndexName": name, "KeySchema": _schema(key, "sort_key"), **index} for name, key in keys
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client("dynamodb")


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def a_deployment(name: str = "d1", phase: Phase = Phase.RECEIVED, **fields: Any) -> Deployment:  # noqa: ANN401
    """A deployment with these fields."""
    upload = Upload("bucket", f"incoming/smartpack/prod/{name}.zip", "v1", 10, START)
    times = {"created_at": START, "updated_at": START}
    known = {"upload": upload, **times, **fields}
    names: dict[str, Any] = {"deployment_id": name, "application": "smartpack", "environment": "prod"}
    return Deployment(**names, phase=phase, execution_arn=f"arn:{name}", **known)
