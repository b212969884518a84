"""The uploads in the controller's bucket, and the executions that are started for them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from controller.aws.inbox import S3Inbox
from controller.domain.deployment import Upload
from tests.unit.aws.ledger_table import client

BUCKET, MACHINE = "bucket", "arn:aws:states:eu-central-1:123456789012:stateMachine:selfright-deploy"
UPLOAD = Upload(BUCKET, "incoming/shop/prod/1.zip", "v1", 10, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def stubbed() -> Iterator[Stubber]:
    """Step Functions with the answers that a test sets, and a versioned bucket."""
    with mock_aws(), Stubber(client("stepfunctions")) as stubber:
        where = {"LocationConstraint": "eu-central-1"}
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)  # type: ignore[arg-type]
        client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield stubber
        stubber.assert_no_pending_responses()


def inbox() -> S3Inbox:
    """The adapter."""
    return S3Inbox(BUCKET, MACHINE, client("s3"), client("stepfunctions"))


@pytest.mark.usefixtures("stubbed")
def test_every_version_of_every_upload_of_this_time_is_found() -> None:
    """What is elsewhere in the bucket, deleted, or of another time is not."""
    s3 = client("s3")
    versions = {s3.put_object(Bucket=BUCKET, Key=UPLOAD.key, Body=body)["VersionId"] for body in (b"one", b"two")}
    s3.put_object(Bucket=BUCKET, Key="staging/code.zip", Body=b"code")
    s3.delete_object(Bucket=BUCKET, Key=UPLOAD.key)
    now = datetime.now(UTC)
    found = list(inbox().uploaded(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert {(one.key, one.version_id, one.size) for one in found} == {(UPLOAD.key, one, 3) for one in versions}
    assert list(inbox().uploaded(now - timedelta(hours=2), now - timedelta(hours=1))) == []


def test_an_execution_gets_what_the_event_would_have_said(stubbed: Stubber) -> None:
    """So the deploy machine cannot tell the difference."""
    said = {"bucket": {"name": BUCKET}, "object": {"key": UPLOAD.key, "version-id": "v1", "size": 10}}
    expected = {"stateMachineArn": MACHINE, "name": "one", "input": json.dumps(said)}
    began = {
        "executionArn": "arn:aws:states:eu-central-1:123456789012:execution:x:one",
        "startDate": UPLOAD.uploaded_at,
    }
    stubbed.add_response("start_execution", began, expected)
    assert inbox().start(UPLOAD, "one")


def test_an_execution_of_this_name_is_not_started_again(stubbed: Stubber) -> None:
    """Another run of the reconciler has."""
    stubbed.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert not inbox().start(UPLOAD, "one")
