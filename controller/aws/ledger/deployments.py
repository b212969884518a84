"""The ledger's deployments and timelines, in DynamoDB. Every write of a deployment is conditional."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.ledger.table import BY_ENVIRONMENT, OPEN, Item, deployment_key, key, marshal, plain, unmarshal
from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import TERMINAL, Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import ConflictError, LedgerConflictError, NotFoundError
from controller.ports.ledger import ANYTHING, Deployments, Expected, Move, OpenDeployments

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DEPLOYMENT: TypeAdapter[Deployment] = TypeAdapter(Deployment)
_EVENT: TypeAdapter[TimelineEvent] = TypeAdapter(TimelineEvent)
_SWEEP = key("RECONCILER", "SWEEP")
SWEEPS_FOR = timedelta(minutes=1)
"""A sweep that has not ended after this time may be dead, and is not waited for."""
TOKENS = frozenset({"guard_tokens", "hook_tokens", "queue_tokens", "pause_tokens"})
"""Lists to which a write adds."""
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

    def update(
        self, deployment_id: str, changes: Changes, *, phases: Collection[Phase], expected: Expected = ANYTHING
    ) -> Deployment:
        """Change the named fields under the conditions; see `ports.Deployments.update`."""
        move = Move(deployment_id, changes, phases, expected)
        try:
            with calling("dynamodb:UpdateItem", deployment_id):
                answer = self._dynamodb.update_item(TableName=self._table, ReturnValues="ALL_NEW", **move_request(move))
        except ConflictError as error:
            msg = f"Deployment {deployment_id} has moved on: {', '.join(changes)} could not be written."
            raise LedgerConflictError(msg) from error
        return _deployment(answer["Attributes"])

    def claim(self, deployment_id: str, name: str, now: datetime, until: datetime) -> bool:
        """Claim an unsent notification; its claim is a time, which compares as text."""
        request = {
            "UpdateExpression": "SET unsent.#name.claimed_until = :until",
            "ConditionExpression": "attribute_exists(unsent.#name) AND "
            "(attribute_not_exists(unsent.#name.claimed_until) OR unsent.#name.claimed_until < :now)",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": {":now": marshal(now), ":until": marshal(until)},
        }
        return self._held(deployment_key(deployment_id), deployment_id, request)

    def leave_open(self, deployment_id: str) -> None:
        """Remove the mark by which the index of open deployments finds it."""
        request = {
            "UpdateExpression": f"REMOVE #{OPEN}",
            "ConditionExpression": f"{_in_phases(TERMINAL)} AND attribute_not_exists(grace_until)"
            " AND (attribute_not_exists(unsent) OR size(unsent) = :none)",
            "ExpressionAttributeNames": {"#phase": "phase", f"#{OPEN}": OPEN},
            "ExpressionAttributeValues": {**_phase_values(TERMINAL), ":none": {"N": "0"}},
        }
        self._held(deployment_key(deployment_id), deployment_id, request)

    def begin_sweep(self, now: datetime, since: datetime) -> bool:
        """One item says when the last sweep began, and when the last one began that came to its end."""
        uncovered = "(attribute_not_exists(swept_from) OR swept_from < :since)"
        alone = "(attribute_not_exists(begun_at) OR begun_at < :since OR begun_at < :dead)"
        values = {":now": now, ":since": since, ":dead": now - SWEEPS_FOR}
        request = {
            "UpdateExpression": "SET begun_at = :now",
            "ConditionExpression": f"{uncovered} AND {alone}",
            "ExpressionAttributeValues": {name: marshal(value) for name, value in values.items()},
        }
        return self._held(_SWEEP, "the last sweep", request)

    def end_sweep(self, begun_at: datetime) -> None:
        """Note since when all are checked, unless a later sweep has."""
        request = {
            "UpdateExpression": "SET swept_from = :begun",
            "ConditionExpression": "attribute_not_exists(swept_from) OR swept_from < :begun",
            "ExpressionAttributeValues": {":begun": marshal(begun_at)},
        }
        self._held(_SWEEP, "the last sweep", request)

    def _held(self, item: Item, resource: str, request: Mapping[str, Any]) -> bool:
        """Whether the condition of an update held."""
        try:
            with calling("dynamodb:UpdateItem", resource):
                self._dynamodb.update_item(TableName=self._table, Key=item, **request)
        except ConflictError:
            return False
        return True

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add a line to the timeline."""
        sort = f"EVENT#{event.at.isoformat(timespec='microseconds')}#{clock.token(3)}"
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
        """The ids of deployments that have not ended or owe a notification (eventually consistent)."""
        return [str(unmarshal(item["deployment_id"])) for item in self._query(**_where(OPEN, "open", "1"))]

    def history(self, environment_key: str, count: int) -> list[Deployment]:
        """The newest `count` deployments of an environment, newest first.

        The index may be some seconds old: what has not ended according to it is read again, consistently.
        """
        found = self._query(**_where(BY_ENVIRONMENT, "environment_key", environment_key), ScanIndexForward=False)
        listed = (_deployment(item) for item, _ in zip(found, range(count), strict=False))
        return [one if one.phase.is_terminal else self.get(one.deployment_id) for one in listed]

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


def move_request(move: Move) -> dict[str, Any]:
    """The key, the update and the conditions of a write, as `UpdateItem` and a transaction's `Update` take them."""
    expression = _Expression(move.phases)
    expression.change(move.changes)
    expression.expect(move.expected)
    return {"Key": deployment_key(move.deployment_id), **expression.request()}


class _Expression:
    """Builds one conditional update."""

    def __init__(self, phases: Collection[Phase]) -> None:
        self._names = {"#phase": "phase"}
        self._values: Item = _phase_values(phases)
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._conditions = [_in_phases(phases)]

    def change(self, changes: Changes) -> None:
        now = clock.now()
        indexed = {"open": "1"} if changes.keys() & {"phase", "unsent_now", "grace_until"} else {}
        written = {**_by_path(changes), **indexed, "updated_at": now}
        for number, (path, value) in enumerate(written.items()):
            place, name = self._path(path), f":value{number}"
            added = f"list_append(if_not_exists({place}, :empty), {name})" if path in TOKENS and value else name
            self._sets.append(f"{place} = {added}")
            self._values[name] = marshal(value)
            if added != name:
                self._values[":empty"] = {"L": []}
        self._removes = [self._path(name) for name in changes.get("cleared", ())]
        if "sent" in changes:
            self._removes.append(self._path(f"unsent.{changes['sent']}"))

    def expect(self, expected: Expected) -> None:
        for name in ("fencing_token", "rollback_execution_arn"):
            if (value := getattr(expected, name)) is not None:
                self._require(f"{self._path(name)} = :{name}", name, value)
        if expected.untripped:
            self._conditions.append(f"attribute_not_exists({self._path('trip')})")
        if expected.absent:
            self._conditions.append(f"attribute_not_exists({self._path(expected.absent)})")
        if expected.weight_at_most is not None:
            self._require(f"{self._path('weight')} <= :weight_at_most", "weight_at_most", expected.weight_at_most)
        if expected.bake_step is not None:
            step = self._path("bake.step")
            condition = f"(attribute_not_exists({step}) OR {step} < :step)" if expected.opens else f"{step} = :step"
            self._require(condition, "step", expected.bake_step)
        if expected.task_claim == 0:
            self._conditions.append(f"attribute_not_exists({self._path('task_run')})")
        elif expected.task_claim is not None:
            self._require(f"{self._path('task_run.claim')} = :task_claim", "task_claim", expected.task_claim)

    def _require(self, condition: str, name: str, value: object) -> None:
        self._conditions.append(condition)
        self._values[f":{name}"] = marshal(value)

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
    written: dict[str, Any] = {}
    for name, value in changes.items():
        if name in {"cleared", "sent"}:
            continue
        if name.endswith("_now") and isinstance(value, Mapping):
            written |= {f"{name.removesuffix('_now')}.{entry}": one for entry, one in value.items()}
        else:
            written[name] = value
    return written


def _in_phases(phases: Collection[Phase]) -> str:
    return f"#phase IN ({', '.join(_phase_values(phases))})"


def _phase_values(phases: Collection[Phase]) -> Item:
    return {f":phase{number}": {"S": phase} for number, phase in enumerate(sorted(phases))}


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
