"""Whose turn it is, and what became of each version: an environment's items in the ledger."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from controller.aws.calls import calling
from controller.aws.clients import client
from controller.aws.table import environment_pk, key, marshal, unmarshal
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.turn import Turn
from controller.errors import ConflictError, LedgerConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TURN: TypeAdapter[Turn] = TypeAdapter(Turn)


class DynamoTurns:
    """Implements `ports.Turns`: optimistic locking by the turn's own revision."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def load(self, environment_key: str) -> Turn:
        """The turn, read consistently; an empty one for a new environment."""
        with calling("dynamodb:GetItem", environment_key):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=key(environment_pk(environment_key), "TURN"),
                ConsistentRead=True,
            )
        item = {name: unmarshal(value) for name, value in answer.get("Item", {}).items() if name not in {"pk", "sk"}}
        return _TURN.validate_python(item) if item else Turn(environment_key)

    def save(self, turn: Turn) -> None:
        """Write the turn if it is still at the revision that was loaded; raises `LedgerConflictError`."""
        after = replace(turn, revision=turn.revision + 1)
        try:
            with calling("dynamodb:PutItem", turn.environment_key):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=key(environment_pk(turn.environment_key), "TURN") | marshal(after)["M"],
                    ConditionExpression="attribute_not_exists(pk) OR revision = :loaded",
                    ExpressionAttributeValues={":loaded": marshal(turn.revision)},
                )
        except ConflictError as error:
            msg = f"The turn of {turn.environment_key} was changed in between."
            raise LedgerConflictError(msg) from error


class DynamoVersions:
    """Implements `ports.Versions`."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def fate(self, environment_key: str, version: str) -> tuple[str, Phase] | None:
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
        """Note how the deployment of this version ended."""
        fate = {"digest": deployment.digest, "phase": phase, "deployment_id": deployment.deployment_id}
        pk = environment_pk(deployment.environment_key)
        with calling("dynamodb:PutItem", deployment.environment_key):
            self._dynamodb.put_item(
                TableName=self._table,
                Item=key(pk, f"VERSION#{deployment.version}") | marshal(fate)["M"],
            )
