"""The ledger's one DynamoDB table, and how plain values are written in it.

| pk | sk | what |
|---|---|---|
| `DEPLOYMENT#<id>` | `DEPLOYMENT` | a deployment |
| `DEPLOYMENT#<id>` | `EVENT#<time>#<random>` | a line of its timeline |
| `DEPLOYMENT#<id>` | `EVALUATION#<time>` | what the judge saw at one evaluation |
| `DEPLOYMENT#<id>` | `TRIAL` | the judge's state between two evaluations |
| `ENVIRONMENT#<app>/<env>` | `LOCK` | the lock: its holder, and the deployment that waits |
| `ENVIRONMENT#<app>/<env>` | `VERSION#<version>` | the outcome of a version's last deployment |
| `ALARM#<name>` | `<deployment id>` | an open guard |
| `RECONCILER` | `SWEEP` | when the reconciler last began to check all open deployments |
| `BUDGET#lambda` | `SECOND` | the requests to Lambda of the present second |
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

BY_ENVIRONMENT = "by_environment"
OPEN = "open"
Item = dict[str, Any]
_KEYS = frozenset({"pk", "sk", OPEN, "environment_key", "sort_key", "expires_at"})
"""Members of an item that only the table needs, not the reader of the item."""


def key(pk: str, sk: str) -> Item:
    """The primary key of an item, marshalled."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def deployment_key(deployment_id: str) -> Item:
    """The primary key of a deployment."""
    return key(f"DEPLOYMENT#{deployment_id}", "DEPLOYMENT")


def environment_pk(environment_key: str) -> str:
    """The partition of an environment (`application/environment`)."""
    return f"ENVIRONMENT#{environment_key}"


def marshal(value: object) -> Item:
    """A plain value, dataclass, date or enum as a DynamoDB attribute; members that are None are left out.

    Fractions become text; the dataclass turns them into numbers again when the item is read.
    """
    return _attribute(to_jsonable_python(value))


def _attribute(value: Any) -> Item:  # noqa: ANN401 - JSON
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str() | float():  # As a number, a fraction would lose digits or be refused.
            return {"S": str(value)}
        case dict():
            return {"M": {name: _attribute(member) for name, member in value.items() if member is not None}}
        case list():
            return {"L": [_attribute(member) for member in value]}
        case None:
            return {"NULL": True}
    msg = f"the ledger cannot hold a {type(value).__name__}"
    raise TypeError(msg)


def unmarshal(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The plain value of a DynamoDB attribute."""
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return {name: unmarshal(member) for name, member in value.items()}
        case "L":
            return [unmarshal(member) for member in value]
        case "N":
            return int(value)
        case "NULL":
            return None
    return value


def plain(item: Item) -> dict[str, Any]:
    """An item's own values, without its keys and what indexes and expiry need."""
    return {name: unmarshal(value) for name, value in item.items() if name not in _KEYS}
