"""Alarms, notifications, secrets and the caller, through the adapters that use them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.alarms import CloudWatchAlarms
from controller.aws.client.clients import Clients
from controller.aws.notifications import SnsNotifications
from controller.aws.secrets import SecretsManagerSecrets
from controller.domain.phases import Phase
from controller.errors import NotFoundError, UnusableSecretError
from tests.simulation.aws.cloudwatch import CloudWatch
from tests.simulation.aws.secretsmanager import SecretsManager
from tests.simulation.aws.sns import Sns
from tests.simulation.aws.sts import Sts
from tests.unit.aws.ledger_table import a_deployment
from tests.unit.flow.scenes import an_environment

START = datetime(2030, 1, 1, tzinfo=UTC)


def test_alarms_of_both_kinds_tell_their_state() -> None:
    """An alarm that does not exist is absent."""
    fake: Any = CloudWatch(lambda: START)
    fake.put_metric_alarm(AlarmName="errors")
    fake.put_composite_alarm(AlarmName="all")
    fake.set_alarm_state(AlarmName="all", StateValue="ALARM", StateReason="A test.")
    fake.put_metric_alarm(AlarmName="gone")
    fake.delete_alarms(AlarmNames=["gone"])
    states = CloudWatchAlarms(fake).states(["errors", "all", "gone"])
    assert states == {"errors": "INSUFFICIENT_DATA", "all": "ALARM"}
    with pytest.raises(fake.exceptions.ResourceNotFound):
        fake.set_alarm_state(AlarmName="gone", StateValue="OK")


def test_a_notification_is_kept_with_its_time() -> None:
    """A simulation counts how often each end was told."""
    fake: Any = Sns(lambda: START)
    SnsNotifications("topic", fake).send(a_deployment(phase=Phase.SUCCEEDED))
    (sent,) = fake.sent
    assert (sent.topic, sent.at, "SUCCEEDED" in sent.subject, "d1" in sent.message) == ("topic", START, True, True)


def test_a_secret_tells_its_keys() -> None:
    """One that does not exist, or holds no object, is an error."""
    fake: Any = SecretsManager(lambda: START)
    arn = fake.create_secret(Name="keys", SecretString='{"A": "1"}')["ARN"]
    clients = Clients()
    clients.secrets = fake
    secrets = SecretsManagerSecrets(clients)
    assert secrets.keys(an_environment(), arn) == secrets.keys(an_environment(), "keys") == {"A"}
    fake.put_secret_value(SecretId="keys", SecretString="text")
    with pytest.raises(UnusableSecretError):
        secrets.keys(an_environment(), "keys")
    fake.delete_secret(SecretId="keys")
    with pytest.raises(NotFoundError):
        secrets.keys(an_environment(), "keys")


def test_the_caller_is_known() -> None:
    """The command line stores who made a hotfix."""
    assert Sts(lambda: START, "arn:me").get_caller_identity()["Arn"] == "arn:me"
