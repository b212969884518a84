"""Which deployments an alarm guards: one small item in the ledger for each pair.

An item expires after the longest time that a deployment can take, so that none stays for good if nobody closes it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.table import key, marshal
from controller.ports.ledger import Guards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=21)
"""A deployment takes two weeks at most."""


class DynamoGuards(Guards):
    """Implements `ports.Guards`."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def open(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Let these alarms guard the deployment; opening again changes nothing."""
        expires = {"expires_at": marshal(int((clock.now() + KEPT).timestamp()))}
        for alarm in alarms:
            with calling("dynamodb:PutItem", alarm):
                self._dynamodb.put_item(TableName=self._table, Item=key(f"ALARM#{alarm}", deployment_id) | expires)

    def guarded_by(self, alarm: str) -> Sequence[str]:
        """The ids of the deployments that the alarm guards, read consistently."""
        with calling("dynamodb:Query", alarm):
            answer = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="pk = :alarm",
                ExpressionAttributeValues={":alarm": {"S": f"ALARM#{alarm}"}},
                ConsistentRead=True,
            )
        return [item["sk"]["S"] for item in answer["Items"]]

    def close(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """End the guarding; harmless when it has ended."""
        for alarm in alarms:
            with calling("dynamodb:DeleteItem", alarm):
                self._dynamodb.delete_item(TableName=self._table, Key=key(f"ALARM#{alarm}", deployment_id))
