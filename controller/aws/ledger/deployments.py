"""The ledger's deployments and timelines, in DynamoDB. Every write of a deployment is conditional."""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.table import BY_ENVIRONMENT, OPEN, Item, deployment_key, key, marshal, plain, unmarshal
from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import ConflictError, LedgerConflictError, NotFoundError
from controller.ports.ledger import Deployments, OpenDeployments

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DEPLOYMENT: TypeAdapter[Deployment] = TypeAdapter(Deployment)
_EVENT: TypeAdapter[TimelineEvent] = TypeAdapter(TimelineEvent)
KEPT = timedelta(days=400)
"""How long the lines of a timeline are kept. Deployments themselves stay: a rollback may need the previous one."""


class DynamoDeployments(Deployments, OpenDeployments):
    """Implements `ports.Deployments` and `ports.OpenDeployments`, and reads histories for people."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient | None" = None) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own)."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def create(self, deployment: Deployment) -> bool:
        """Write a new deployment; False when it exists already."""
        item = _item(deployment)
        with calling("dynamodb:PutItem", deployment.deployment_id):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def get(self, deployment_id: str) -> Deployment:
        """The deployment, read consistently; raises `NotFoundError`."""
        with calling("dynamodb:GetItem", deployment_id):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=deployment_key(deployment_id),
                ConsistentRead=True,
            )
        if "Item" not in answer:
            msg = f"The ledger has no deployment {deployment_id}. `selfright history` lists what it has."
            raise NotFoundError(msg)
        return _deployment(answer["Item"])

    def update(  # noqa: PLR0913 - one write has these conditions
        self,
        deployment_id: str,
        changes: Changes,
        *,
        phases: Collection[Phase],
        fencing_token: int | None = None,
        untripped: bool = False,
        absent: Literal["trip", "traffic_restored_at", "unstaged_at"] | None = None,
    ) -> Deployment:
        """Change the named fields under the conditions; see `ports.Deployments.update`."""
        expression = _Expression(phases)
        expression.change(changes)
        expression.expect(fencing_token=fencing_token, untripped=untripped, absent=absent)
        try:
            with calling("dynamodb:UpdateItem", deployment_id):
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=deployment_key(deployment_id),
                    ReturnValues="ALL_NEW",
                    **expression.request(),
                )
        except ConflictError as error:
            msg = f"Deployment {deployment_id} has moved on: {', '.join(changes)} could not be written."
            raise LedgerConflictError(msg) from error
        return _deployment(answer["Attributes"])

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add a line to the timeline."""
        sort = f"EVENT#{event.at.isoformat(timespec='microseconds')}#{secrets.token_hex(3)}"
        expires = marshal(int((event.at + KEPT).timestamp()))
        item = {**key(f"DEPLOYMENT#{deployment_id}", sort), **marshal(event)["M"], "expires_at": expires}
        with calling("dynamodb:PutItem", deployment_id):
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def timeline(self, deployment_id: str) -> list[TimelineEvent]:
        """Everything that happened to a deployment, in order."""
        condition = "pk = :pk AND begins_with(sk, :event)"
        values = {":pk": {"S": f"DEPLOYMENT#{deployment_id}"}, ":event": {"S": "EVENT#"}}
        items = self._query(KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True)
        return [_EVENT.validate_python(plain(item)) for item in items]

    def open(self) -> Iterable[str]:
        """The ids of deployments that have not ended or whose notification was not sent (eventually consistent)."""
        return [str(unmarshal(item["deployment_id"])) for item in self._query(**_where(OPEN, "open", "1"))]

    def history(self, environment_key: str, count: int) -> list[Deployment]:
        """The newest `count` deployments of an environment, newest first."""
        found = self._query(**_where(BY_ENVIRONMENT, "environment_key", environment_key), ScanIndexForward=False)
        return [_deployment(item) for item, _ in zip(found, range(count), strict=False)]

    def _query(self, **request: Any) -> Iterator[Item]:  # noqa: ANN401 - DynamoDB's own request
        start: dict[str, Any] = {}
        while True:
            with calling("dynamodb:Query", self._table):
                answer = self._dynamodb.query(TableName=self._table, **request, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _where(index: str, name: str, value: str) -> dict[str, Any]:
    return {
        "IndexName": index,
        "KeyConditionExpression": "#name = :value",
        "ExpressionAttributeNames": {"#name": name},
        "ExpressionAttributeValues": {":value": {"S": value}},
    }


def _item(deployment: Deployment) -> Item:
    indexed = {
        "open": "1",
        "environment_key": deployment.environment_key,
        "sort_key": f"{deployment.created_at.isoformat()}#{deployment.deployment_id}",
    }
    return {**deployment_key(deployment.deployment_id), **marshal(deployment)["M"], **marshal(indexed)["M"]}


def _deployment(item: Item) -> Deployment:
    return _DEPLOYMENT.validate_python(plain(item))


class _Expression:
    """Builds one conditional update."""

    def __init__(self, phases: Collection[Phase]) -> None:
        self._names = {"#phase": "phase"}
        self._values: Item = {f":phase{number}": {"S": phase} for number, phase in enumerate(sorted(phases))}
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._conditions = [f"#phase IN ({', '.join(self._values)})"]

    def change(self, changes: Changes) -> None:
        now = datetime.now(UTC)
        indexed = {"open": "1"} if "phase" in changes else {}
        written = {**_by_path(changes), **indexed, "updated_at": now}
        for number, (path, value) in enumerate(written.items()):
            self._sets.append(f"{self._path(path)} = :value{number}")
            self._values[f":value{number}"] = marshal(value)
        if changes.get("notification") == "sent":
            self._removes.append(self._path("open"))

    def expect(self, *, fencing_token: int | None, untripped: bool, absent: str | None) -> None:
        if fencing_token is not None:
            self._conditions.append(f"{self._path('fencing_token')} = :fencing_token")
            self._values[":fencing_token"] = marshal(fencing_token)
        if untripped:
            self._conditions.append(f"attribute_not_exists({self._path('trip')})")
        if absent:
            self._conditions.append(f"attribute_not_exists({self._path(absent)})")

    def request(self) -> dict[str, Any]:
        removing = f" REMOVE {', '.join(self._removes)}" if self._removes else ""
        return {
            "UpdateExpression": f"SET {', '.join(self._sets)}{removing}",
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": self._values,
        }

    def _path(self, path: str) -> str:
        parts = path.split(".")
        self._names.update({f"#{_word(part)}": part for part in parts})
        return ".".join(f"#{_word(part)}" for part in parts)


def _by_path(changes: Changes) -> dict[str, Any]:
    """Path in the item → value: the entries of a map one by one, everything else as a whole."""
    entries = {"staged_now": "staged", "awaited_now": "awaited"}
    written: dict[str, Any] = {}
    for name, value in changes.items():
        if name in entries and isinstance(value, Mapping):
            written |= {f"{entries[name]}.{component}": entry for component, entry in value.items()}
        else:
            written[name] = value
    return written


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
