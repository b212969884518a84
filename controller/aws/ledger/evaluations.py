"""What the judge saw, in the ledger: one item for each evaluation, and one with the judge's state between them."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.deployments import KEPT
from controller.aws.ledger.table import Item, key, marshal, plain, unmarshal
from controller.domain.deployment import Evaluation
from controller.errors import ConflictError, LedgerConflictError
from controller.ports.ledger import Evaluations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_EVALUATION: TypeAdapter[Evaluation] = TypeAdapter(Evaluation)


class DynamoEvaluations(Evaluations):
    """Implements `ports.Evaluations`."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def state(self, deployment_id: str) -> tuple[str, int]:
        """The judge's state, read consistently, and how often it was written."""
        with calling("dynamodb:GetItem", deployment_id):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_trial(deployment_id), ConsistentRead=True)
        item = answer.get("Item")
        return (unmarshal(item["state"]), unmarshal(item["written"])) if item else ("", 0)

    def carry(self, deployment_id: str, state: str, written: int, at: datetime) -> None:
        """Write the state if it is unchanged since it was read; raises `LedgerConflictError`."""
        item = {**_trial(deployment_id), **marshal({"state": state, "written": written + 1})["M"], **_expiry(at)}
        unchanged = {
            "ConditionExpression": "written = :written",
            "ExpressionAttributeValues": {":written": marshal(written)},
        }
        condition = unchanged if written else {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            with calling("dynamodb:PutItem", deployment_id):
                self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
        except ConflictError as error:
            msg = f"Another evaluation of {deployment_id} was faster: the judge's state could not be written."
            raise LedgerConflictError(msg) from error

    def record(self, deployment_id: str, evaluation: Evaluation) -> None:
        """Keep an evaluation, once."""
        sort = f"EVALUATION#{evaluation.at.isoformat(timespec='microseconds')}"
        item = {**key(f"DEPLOYMENT#{deployment_id}", sort), **marshal(evaluation)["M"], **_expiry(evaluation.at)}
        try:
            with calling("dynamodb:PutItem", deployment_id):
                self._dynamodb.put_item(
                    TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)"
                )
        except ConflictError:
            return  # The same evaluation, delivered twice.

    def all(self, deployment_id: str) -> list[Evaluation]:
        """Every evaluation, in order."""
        return [_EVALUATION.validate_python(plain(item)) for item in self._items(deployment_id)]

    def _items(self, deployment_id: str) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            with calling("dynamodb:Query", deployment_id):
                answer = self._dynamodb.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :evaluation)",
                    ExpressionAttributeValues={
                        ":pk": {"S": f"DEPLOYMENT#{deployment_id}"},
                        ":evaluation": {"S": "EVALUATION#"},
                    },
                    ConsistentRead=True,
                    **start,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _expiry(at: datetime) -> Item:
    return {"expires_at": marshal(int((at + KEPT).timestamp()))}


def _trial(deployment_id: str) -> Item:
    return key(f"DEPLOYMENT#{deployment_id}", "TRIAL")
