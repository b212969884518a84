"""An environment's items in the ledger: its lock, and the outcome of each version's last deployment.

A hand-over of the lock is one transaction: the lock, the deployments that it moves, and what is remembered of a version
are written together or not at all.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.deployments import move_request
from controller.aws.ledger.table import Item, environment_pk, key, marshal, unmarshal
from controller.domain.deployment import Deployment
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.errors import ConflictError, LedgerConflictError
from controller.ports.ledger import Locks, Move, Versions

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

    def save(self, lock: Lock, moves: Sequence[Move] = (), remembered: tuple[Deployment, Phase] | None = None) -> None:
        """Write all of it if the lock is still at the revision that was loaded, and if every move's conditions hold."""
        after = replace(lock, revision=lock.revision + 1)
        put = {
            "TableName": self._table,
            "Item": key(environment_pk(lock.environment_key), "LOCK") | marshal(after)["M"],
            "ConditionExpression": "attribute_not_exists(pk) OR revision = :loaded",
            "ExpressionAttributeValues": {":loaded": marshal(lock.revision)},
        }
        updates = [{"Update": {"TableName": self._table, **move_request(move)}} for move in moves]
        outcomes = [{"Put": {"TableName": self._table, "Item": _outcome(*remembered)}}] if remembered else []
        try:
            with calling("dynamodb:TransactWriteItems", lock.environment_key):
                self._write({"Put": put}, *updates, *outcomes)
        except ConflictError as error:
            what = " and ".join(["the lock", *(move.deployment_id for move in moves)])
            msg = f"{lock.environment_key}: {what} changed at the same time, so nothing was written."
            raise LedgerConflictError(msg) from error

    def _write(self, *items: Any) -> None:  # noqa: ANN401 - DynamoDB's own request
        self._dynamodb.transact_write_items(TransactItems=items)


def _outcome(deployment: Deployment, phase: Phase) -> Item:
    outcome = {"digest": deployment.digest, "phase": phase, "deployment_id": deployment.deployment_id}
    name = key(environment_pk(deployment.environment_key), f"VERSION#{deployment.version}")
    return {**name, **marshal(outcome)["M"]}


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
