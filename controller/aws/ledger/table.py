"""The ledger's table: one DynamoDB table, and how plain values are written in it.

| pk | sk | what |
|---|---|---|
| `DEPLOYMENT#<id>` | `DEPLOYMENT` | a deployment |
| `DEPLOYMENT#<id>` | `EVENT#<time>#<random>` | a line of its timeline |
| `DEPLOYMENT#<id>` | `LOOK#<time>` | what the judge saw at one evaluation |
| `DEPLOYMENT#<id>` | `TRIAL` | the judge's state, carried from look to look |
| `ENVIRONMENT#<app>/<env>` | `TURN` | who holds the lock |
| `ENVIRONMENT#<app>/<env>` | `VERSION#<version>` | what became of a version |
| `ALARM#<name>` | `<deployment id>` | an open guard |
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

BY_ENVIRONMENT = "by_environment"
OPEN = "open"
Item = dict[str, Any]
_KEYS = frozenset({"pk", "sk", OPEN, "environment_key", "sort_key", "expires_at"})
"""What the table needs of an item, and nobody who reads it."""


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

    Fractions become text, which a dataclass that is read again turns back.
    """
    return _attribute(to_jsonable_python(value))


def _attribute(value: Any) -> Item:  # noqa: ANN401 - JSON
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str() | float():  # A fraction would lose digits as a number, or be refused.
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
    """An item's own values, without keys and what belongs to indexes and expiry."""
    return {name: unmarshal(value) for name, value in item.items() if name not in _KEYS}
