"""An environment's items in the ledger: its lock, and the outcome of each version's last deployment."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.table import environment_pk, key, marshal, unmarshal
from controller.domain.deployment import Deployment
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.errors import ConflictError, LedgerConflictError
from controller.ports.ledger import Locks, Versions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LOCK: TypeAdapter[Lock] = TypeAdapter(Lock)


class DynamoLocks(Locks):
    """Implements `ports.Locks`: optimistic locking by the lock's own revision."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def load(self, environment_key: str) -> Lock:
        """The lock, read consistently; an empty one for a new environment."""
        with calling("dynamodb:GetItem", environment_key):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=key(environment_pk(environment_key), "LOCK"),
                ConsistentRead=True,
            )
        item = {name: unmarshal(value) for name, value in answer.get("Item", {}).items() if name not in {"pk", "sk"}}
        return _LOCK.validate_python(item) if item else Lock(environment_key)

    def save(self, lock: Lock) -> None:
        """Write the lock if it is still at the revision that was loaded; raises `LedgerConflictError`."""
        after = replace(lock, revision=lock.revision + 1)
        try:
            with calling("dynamodb:PutItem", lock.environment_key):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=key(environment_pk(lock.environment_key), "LOCK") | marshal(after)["M"],
                    ConditionExpression="attribute_not_exists(pk) OR revision = :loaded",
                    ExpressionAttributeValues={":loaded": marshal(lock.revision)},
                )
        except ConflictError as error:
            msg = f"The lock of {lock.environment_key} was changed at the same time."
            raise LedgerConflictError(msg) from error


class DynamoVersions(Versions):
    """Implements `ports.Versions`."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def previous_attempt(self, environment_key: str, version: str) -> tuple[str, Phase] | None:
        """The digest and last terminal phase of a version, or None."""
        with calling("dynamodb:GetItem", environment_key):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=key(environment_pk(environment_key), f"VERSION#{version}"),
                ConsistentRead=True,
            )
        if "Item" not in answer:
            return None
        return str(unmarshal(answer["Item"]["digest"])), Phase(unmarshal(answer["Item"]["phase"]))

    def remember(self, deployment: Deployment, phase: Phase) -> None:
        """Record how the deployment of this version ended."""
        outcome = {"digest": deployment.digest, "phase": phase, "deployment_id": deployment.deployment_id}
        pk = environment_pk(deployment.environment_key)
        with calling("dynamodb:PutItem", deployment.environment_key):
            self._dynamodb.put_item(
                TableName=self._table,
                Item=key(pk, f"VERSION#{deployment.version}") | marshal(outcome)["M"],
            )
