"""The budget of requests to AWS Lambda's control plane, which all deployments share: one item in the ledger's table.

It counts the requests of the present second. A task that goes forward takes a few requests at once, if fewer than the
share for going forward are taken: two thirds of what AWS allows, so that a rollback finds room at any moment. During a
rollback of many functions the item says until when it lasts, and nothing goes forward until then. A rollback itself
takes nothing from the budget.
"""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.client.pacing import RATE, Time
from controller.aws.ledger.table import key, marshal
from controller.clock import timestamp
from controller.errors import ConflictError, TransientError
from controller.ports.components import Budget

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARE = 10
"""Requests a second for everything that goes forward."""
HANDFUL = 2
"""How many requests one write takes. Those that are not used within their second are lost."""
PATIENCE = 30.0
"""Seconds. A task that waits longer fails and is tried again; the time limit of its state is longer than this."""
PAUSE = 0.25
MARGIN = 3
"""Seconds that a rollback gets in addition to what its requests take at the full rate."""
SERVICE = "Lambda's control plane"
_KEY = key("BUDGET#lambda", "SECOND")


class DynamoBudget(Budget):
    """Implements `ports.Budget`."""

    def __init__(
        self,
        table: str,
        dynamodb: "DynamoDBClient | None" = None,
        now: Callable[[], float] = timestamp,
        waiting: Time | None = None,
    ) -> None:
        """`now` is the time of day in seconds, which all functions share; `waiting` is the clock of those that wait."""
        self._table, self._dynamodb = table, dynamodb or client("dynamodb")
        self._now, self._waiting = now, waiting or Time()
        self._left, self._second = 0, 0
        self._lock = Lock()

    def take(self) -> None:
        """Take one request, and wait for it if necessary; raises `TransientError` after `PATIENCE`."""
        until = self._waiting.now() + PATIENCE
        while not self._taken():
            if self._waiting.now() >= until:
                reason = f"{SERVICE} takes {RATE} requests a second, and others have used them for {PATIENCE:.0f} s"
                raise TransientError(f"{reason}. It can be tried again.", code="BudgetUsedUp")
            self._waiting.sleep(PAUSE * (1 + self._waiting.share()))

    def give_way(self, requests: int) -> None:
        """Stop everything that goes forward while a rollback makes this many requests."""
        until = int(self._now()) + -(-requests // RATE) + MARGIN
        self._write(
            "SET rollback_until = :until",
            "attribute_not_exists(rollback_until) OR rollback_until < :until",
            until=until,
        )

    def _taken(self) -> bool:
        with self._lock:
            second = int(self._now())
            if second > self._second or not self._left:
                self._left = HANDFUL if self._reserve(second) else 0
                self._second = second
            self._left -= bool(taken := self._left)
            return bool(taken)

    def _reserve(self, second: int) -> bool:
        """Take a handful of this second's requests: of those that are left, or the first ones."""
        forward = "(attribute_not_exists(rollback_until) OR rollback_until < :second)"
        return self._write(
            "SET used = used + :handful",
            f"#second = :second AND used <= :most AND {forward}",
            second=second,
            handful=HANDFUL,
            most=SHARE - HANDFUL,
        ) or self._write(
            "SET used = :handful, #second = :second",
            f"(attribute_not_exists(#second) OR #second < :second) AND {forward}",
            second=second,
            handful=HANDFUL,
        )

    def _write(self, update: str, condition: str, **values: int) -> bool:
        names: dict[str, Any] = {"ExpressionAttributeNames": {"#second": "second"}} if "#second" in condition else {}
        try:
            with calling("dynamodb:UpdateItem", SERVICE):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues={f":{name}": marshal(value) for name, value in values.items()},
                    **names,
                )
        except ConflictError:
            return False
        return True
