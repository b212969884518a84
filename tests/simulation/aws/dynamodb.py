"""DynamoDB in memory: items, indexes, conditions and transactions.

Stored items are never changed in place, so a former state may be kept by reference. What comes in and goes out is
copied. Reads without `ConsistentRead`, and all reads of an index, may be behind (`lag`).
"""
# ruff: noqa: ANN401, N803 - requests and answers are AWS's documents

import marshal
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ParamValidationError

from tests.simulation.aws import expressions
from tests.simulation.aws.expressions import Item, invalid
from tests.simulation.aws.service import Journal, Refusal, Service, operation

Key = tuple[str, str]
IDEMPOTENT = timedelta(minutes=10)
"""How long a transaction's `ClientRequestToken` is remembered."""
MOST_ACTIONS = 100
LARGEST_ITEM, PAGE_SIZE, SMALL = 400 * 1024, 1024 * 1024, 4096
"""Bytes: of an item, of a page, and of an item whose size is not worth counting."""
UNMET = "The conditional request failed"
_EXPRESSIONS = (
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)
_TEXTS, _LISTS = frozenset({"S"}), frozenset({"SS", "NS", "BS"})


def ledger_table(name: str) -> dict[str, Any]:
    """The arguments of `create_table` for the controller's ledger."""

    def schema(partition: str, sort: str) -> list[dict[str, str]]:
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    indexes = {"open": "open", "by_environment": "environment_key"}
    return {
        "TableName": name,
        "KeySchema": schema("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": schema(key, "sort_key")} for index, key in indexes.items()
        ],
    }


@dataclass(frozen=True)
class Change:
    """One item before and after a write; None where there is none."""

    table: str
    key: Key
    before: Item | None
    after: Item | None


class DynamoDb(Service):
    """Tables whose keys are texts, each with a partition and a sort key."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._tables: dict[str, _Table] = {}
        self._tokens: dict[str, tuple[datetime, Any]] = {}
        self.on_write: Callable[[Sequence[Change]], object] = lambda _: None
        """Called after each write that changed something, with all of its changes at once (a transaction's too)."""

    def items(self, table: str) -> Iterator[Item]:
        """All items of a table as they are stored, by key. Do not change them."""
        return (item for _, item in sorted(self._table(table).all()))

    def item(self, table: str, pk: str, sk: str) -> Item | None:
        """An item as it is stored. Do not change it."""
        return self._table(table).get((pk, sk))

    def expire(self, attribute: str = "expires_at") -> int:
        """Delete every item whose time to live is over, as DynamoDB does within two days; returns how many."""
        now = self._now().timestamp()
        gone = [
            (table, key)
            for table in self._tables.values()
            for key, item in table.all()
            if "N" in item.get(attribute, {}) and expressions.number(item[attribute]["N"]) < now
        ]
        self._commit([(table, key, None) for table, key in gone])
        return len(gone)

    @operation
    def create_table(
        self,
        *,
        TableName: str,
        KeySchema: Sequence[Mapping[str, str]],
        GlobalSecondaryIndexes: Sequence[Mapping[str, Any]] = (),
        **_: Any,
    ) -> dict[str, Any]:
        """A table; `ledger_table` has the arguments for the controller's."""
        if TableName in self._tables:
            raise Refusal("ResourceInUseException", f"Table already exists: {TableName}")
        indexes = {one["IndexName"]: _names_in(one["KeySchema"]) for one in GlobalSecondaryIndexes}
        self._tables[TableName] = _Table(TableName, _names_in(KeySchema), indexes, Journal(self._now))
        return {"TableDescription": {"TableName": TableName, "TableStatus": "ACTIVE"}}

    @operation
    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False, **expression: Any) -> dict[str, Any]:
        """`Item` is absent when there is none."""
        table = self._table(TableName)
        found = table.seen(table.key_in(Key), 0 if ConsistentRead else self.lag)
        return {} if found is None else {"Item": _shown(found, _projection(expression))}

    @operation
    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write a whole item."""
        return self._single("Put", request)

    @operation
    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change an item, or make it."""
        return self._single("Update", request)

    @operation
    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Delete an item; harmless when it is not there."""
        return self._single("Delete", request)

    @operation
    def transact_write_items(
        self, *, TransactItems: Sequence[Mapping[str, Any]], ClientRequestToken: str = "", **_: Any
    ) -> dict[str, Any]:
        """All or nothing. The same token does it once in ten minutes (botocore sends one if the caller does not)."""
        if not 1 <= len(TransactItems) <= MOST_ACTIONS:
            raise invalid(f"Member must have length less than or equal to {MOST_ACTIONS}")
        if ClientRequestToken and self._is_done(ClientRequestToken, TransactItems):
            return {}
        writes = [self._prepared(kind, dict(request)) for one in TransactItems for kind, request in one.items()]
        places = {(write.table.name, write.key) for write in writes}
        if len(places) < len(writes):
            raise invalid("Transaction request cannot include multiple operations on one item")
        results = [_attempt(write) for write in writes]
        reasons = [result if isinstance(result, dict) else {"Code": "None"} for result in results]
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            said = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
            raise Refusal("TransactionCanceledException", said, CancellationReasons=reasons, Message=said)
        self._commit([result for result in results if isinstance(result, tuple)])
        if ClientRequestToken:
            self._tokens[ClientRequestToken] = (self._now(), _copied(TransactItems))
        return {}

    @operation
    def transact_get_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Several items at one moment."""
        requests = [one["Get"] for one in TransactItems]
        return {"Responses": [self._got(**request) for request in requests]}

    @operation
    def batch_get_item(self, *, RequestItems: Mapping[str, Mapping[str, Any]], **_: Any) -> dict[str, Any]:
        """Several items, each for itself; those that are not there are left out."""
        found: dict[str, list[Item]] = {}
        for name, request in RequestItems.items():
            table, lag = self._table(name), 0 if request.get("ConsistentRead") else self.lag
            items = [table.seen(table.key_in(key), lag) for key in request["Keys"]]
            found[name] = [_copied(item) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    @operation
    def query(  # noqa: PLR0913 - as boto3 has it
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        IndexName: str = "",
        ScanIndexForward: bool = True,
        ConsistentRead: bool = False,
        Limit: int = 0,
        ExclusiveStartKey: Item | None = None,
        Select: str = "",
        **expression: Any,
    ) -> dict[str, Any]:
        """The items of one partition, in the order of their sort keys."""
        expression["KeyConditionExpression"] = KeyConditionExpression
        table, names = self._table(TableName), _names(expression)
        keys = table.keys_of(IndexName)
        if IndexName and ConsistentRead:
            raise invalid("Consistent reads are not supported on global secondary indexes")
        compiled = expressions.key_condition(KeyConditionExpression, names)
        keep = _filter(expression, names)
        values = _values(expression, compiled.values | keep.values)
        partition, within = _range(compiled, keys, values)
        found = table.partition(IndexName, partition, 0 if ConsistentRead else self.lag)
        chosen = [item for item in found if within(item[keys[1]]["S"])]
        if not ScanIndexForward:
            chosen.reverse()
        page, last = table.page(chosen, IndexName, Limit, ExclusiveStartKey)
        shown = [item for item in page if keep.holds(item, values)]
        return _listed(shown, len(page), last, Select, _projection(expression))

    @operation
    def scan(
        self,
        *,
        TableName: str,
        ConsistentRead: bool = False,
        Limit: int = 0,
        ExclusiveStartKey: Item | None = None,
        Select: str = "",
        **expression: Any,
    ) -> dict[str, Any]:
        """All items (of no index)."""
        table, names = self._table(TableName), _names(expression)
        keep = _filter(expression, names)
        values = _values(expression, keep.values)
        former = table.journal.before(0 if ConsistentRead else self.lag)
        everything: dict[Any, Item | None] = {**dict(table.all()), **former}
        found = [item for _, item in sorted(everything.items(), key=lambda one: one[0]) if item is not None]
        page, last = table.page(found, "", Limit, ExclusiveStartKey)
        shown = [item for item in page if keep.holds(item, values)]
        return _listed(shown, len(page), last, Select, _projection(expression))

    def _table(self, name: str) -> "_Table":
        if name not in self._tables:
            raise Refusal("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
        return self._tables[name]

    def _got(self, *, TableName: str, Key: Item, **expression: Any) -> dict[str, Any]:
        table = self._table(TableName)
        found = table.get(table.key_in(Key))
        return {} if found is None else {"Item": _shown(found, _projection(expression))}

    def _single(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        returned = request.pop("ReturnValues", "NONE")
        write = self._prepared(kind, request)
        try:
            before, after = write.result()
        except _UnmetError as unmet:
            raise Refusal("ConditionalCheckFailedException", UNMET, **unmet.shown) from None
        self._commit([(write.table, write.key, after)])
        if returned == "NONE":
            return {}
        if returned in {"UPDATED_NEW", "UPDATED_OLD"}:
            item = after if returned == "UPDATED_NEW" else before
            shown = expressions.projected(item or {}, write.paths)
        else:
            shown = (after if returned == "ALL_NEW" else before) or {}
        return {"Attributes": _copied(shown)} if shown else {}

    def _prepared(self, kind: str, request: dict[str, Any]) -> "_Write":
        table = self._table(request.pop("TableName"))
        item = request.pop("Item", None)
        key = table.key_in(item, whole=True) if kind == "Put" else table.key_in(request.pop("Key"))
        shows = request.pop("ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD"
        names = _names(request)
        used: frozenset[str] = frozenset()
        change: _Changed = lambda before: before  # noqa: E731
        paths: Sequence[Any] = ()
        holds = None
        if text := request.get("ConditionExpression"):
            compiled = expressions.condition(text, names)
            used, holds = compiled.values, compiled.holds
        update = None
        if text := request.get("UpdateExpression"):
            update = expressions.update(text, names)
            used |= update.values
            table.require_no_key(update.paths)
        values = _values(request, used)
        if kind == "Put":
            new = _taken_item(item)
            change = lambda _: new  # noqa: E731
        elif kind == "Delete":
            change = lambda _: None  # noqa: E731
        elif kind == "Update":
            fresh = dict(zip(table.keys, ({"S": part} for part in key), strict=True))
            paths = update.paths if update else ()
            change = lambda before: (  # noqa: E731
                update.applied(before or fresh, values) if update else before or fresh
            )
        return _Write(table, key, holds, change, values, paths, shows)

    def _commit(self, writes: "Sequence[tuple[_Table, Key, Item | None]]") -> None:
        for table, _, after in writes:
            table.require_storable(after)
        changes = []
        for table, key, after in writes:
            before = table.put(key, after)
            if before is not after:
                changes.append(Change(table.name, key, before, after))
        if changes:
            self.on_write(changes)

    def _is_done(self, token: str, request: Any) -> bool:
        at, known = self._tokens.get(token, (None, None))
        if at is None or self._now() - at > IDEMPOTENT:
            return False
        if known != _copied(request):
            raise Refusal("IdempotentParameterMismatchException", "The token was used for another request")
        return True


class _UnmetError(Exception):
    """A condition does not hold."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        super().__init__()
        self.shown = shown


_Changed = Callable[[Item | None], Item | None]


@dataclass(frozen=True)
class _Write:
    """One write that is ready to be tried."""

    table: "_Table"
    key: Key
    holds: expressions.Holds | None
    change: _Changed
    values: Item
    paths: Sequence[Any]
    shows: bool

    def result(self) -> tuple[Item | None, Item | None]:
        """The item before and after; raises `_UnmetError`."""
        before = self.table.get(self.key)
        if self.holds and not self.holds(before or {}, self.values):
            raise _UnmetError({"Item": _copied(before)} if self.shows and before else {})
        return before, self.change(before)


def _attempt(write: _Write) -> "tuple[_Table, Key, Item | None] | dict[str, Any]":
    """What a transaction has to write for this action, or why it cannot."""
    try:
        _, after = write.result()
        write.table.require_storable(after)
    except _UnmetError as unmet:
        return {"Code": "ConditionalCheckFailed", "Message": UNMET, **unmet.shown}
    except Refusal as refusal:
        return {"Code": "ValidationError", "Message": refusal.message}
    return write.table, write.key, after


@dataclass
class _Table:
    """Items by partition, and the same items by each index."""

    name: str
    keys: tuple[str, str]
    indexes: Mapping[str, tuple[str, str]]
    journal: Journal
    _items: dict[str, dict[str, Item]] = field(default_factory=dict)
    _sorted: dict[str, list[str]] = field(default_factory=dict)
    _entries: dict[tuple[str, str], dict[tuple[str, str, str], Item]] = field(default_factory=dict)
    _large: dict[Key, int] = field(default_factory=dict)

    def all(self) -> Iterator[tuple[Key, Item]]:
        """Keys and items."""
        return (((pk, sk), item) for pk, partition in self._items.items() for sk, item in partition.items())

    def get(self, key: Key) -> Item | None:
        """The item as it is stored."""
        partition = self._items.get(key[0])
        return None if partition is None else partition.get(key[1])

    def seen(self, key: Key, lag: float) -> Item | None:
        """The item as a read that is behind sees it."""
        return self.journal.seen(key, self.get(key), lag)

    def put(self, key: Key, item: Item | None) -> Item | None:
        """Store an item (None deletes it); returns the one before."""
        pk, sk = key
        partition = self._items.setdefault(pk, {})
        order = self._sorted.setdefault(pk, [])
        before = partition.get(sk)
        if before is item:
            return before
        self.journal.note(key, before)
        if before is not None:
            self._leave_indexes(key, before)
        self._large.pop(key, None)
        if item is None:
            if partition.pop(sk, None) is not None:
                del order[bisect_left(order, sk)]
            return before
        if before is None:
            insort(order, sk)
        partition[sk] = item
        if len(marshal.dumps(item, 2)) > SMALL:
            self._large[key] = _size(item)
        for index, place in self._places(key, item):
            self._entries.setdefault(index, {})[place] = item
        return before

    def partition(self, index: str, value: str, lag: float) -> list[Item]:
        """All items of one partition of the table or of an index, in order, perhaps as they were a while ago."""
        if not index:
            there = self._items.get(value, {})
            present = [there[sk] for sk in self._sorted.get(value, ())]
        else:
            entries = self._entries.get((index, value), {})
            present = [entries[place] for place in sorted(entries)]
        former = self.journal.before(lag)
        if not former:
            return present
        then = [item for item in present if self._key(item) not in former]
        partition, sort = self.keys_of(index)
        then += [
            item
            for item in former.values()
            if item is not None and sort in item and item.get(partition) == {"S": value}
        ]
        return sorted(then, key=lambda item: (item[sort]["S"], self._key(item)))

    def page(
        self, found: list[Item], index: str, limit: int, start: Item | None
    ) -> tuple[list[Item], dict[str, Any] | None]:
        """The items after `start`, and where the next page begins."""
        names = dict.fromkeys((*self.keys_of(index), *self.keys))
        if start is not None:
            places = [{name: item[name] for name in names} for item in found]
            found = found[places.index(dict(start)) + 1 :] if dict(start) in places else []
        count = min(limit or len(found), self._fitting(found))
        if count >= len(found):
            return found, None
        page = found[:count]
        return page, {name: page[-1][name] for name in names}

    def _fitting(self, found: list[Item]) -> int:
        """How many of these items a page has room for."""
        if not self._large and len(found) * SMALL <= PAGE_SIZE:
            return len(found)
        total = 0
        for count, item in enumerate(found):
            total += self._large.get(self._key(item)) or _size(item)
            if total > PAGE_SIZE:
                return count
        return len(found)

    def keys_of(self, index: str) -> tuple[str, str]:
        """The names of partition and sort key."""
        if not index:
            return self.keys
        if index not in self.indexes:
            raise invalid(f"The table does not have the specified index: {index}")
        return self.indexes[index]

    def key_in(self, item: Mapping[str, Any], *, whole: bool = False) -> Key:
        """The key in an item, or in a request's Key, which has nothing else."""
        if not whole and set(item) != set(self.keys):
            raise invalid("The provided key element does not match the schema")
        if missing := [name for name in self.keys if name not in item]:
            raise invalid(f"One or more parameter values were invalid: Missing the key {missing[0]} in the item")
        for name in self.keys:
            if set(item[name]) != _TEXTS:
                raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name} expected: S")
            if not item[name]["S"]:
                raise invalid(
                    f"The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
                )
        return self._key(item)

    def require_no_key(self, paths: Sequence[expressions.Steps]) -> None:
        """Refuse an update of the key itself."""
        for steps in paths:
            if steps[0] in self.keys:
                raise invalid(f"Cannot update attribute {steps[0]}. This attribute is part of the key")

    def require_storable(self, item: Item | None) -> None:
        """Refuse items that are too large, and values that cannot be the key of an index."""
        if item is not None and len(marshal.dumps(item, 2)) > LARGEST_ITEM and _size(item) > LARGEST_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        for index, names in self.indexes.items():
            for name in names:
                if item is not None and name in item and (set(item[name]) != _TEXTS or not item[name]["S"]):
                    raise invalid(f"The value cannot be a key: IndexName: {index}, IndexKey: {name}")

    def _key(self, item: Mapping[str, Any]) -> Key:
        return item[self.keys[0]]["S"], item[self.keys[1]]["S"]

    def _places(self, key: Key, item: Item) -> Iterator[tuple[tuple[str, str], tuple[str, str, str]]]:
        for index, (partition, sort) in self.indexes.items():
            if partition in item and sort in item:
                yield (index, item[partition]["S"]), (item[sort]["S"], *key)

    def _leave_indexes(self, key: Key, item: Item) -> None:
        for index, place in self._places(key, item):
            del self._entries[index][place]


def _names_in(schema: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    partition, sort = (one["AttributeName"] for one in schema)
    return partition, sort


def _names(request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """ExpressionAttributeNames, all of which must be used."""
    names = request.get("ExpressionAttributeNames")
    if names is None:
        return ()
    texts = tuple(request[kind] for kind in _EXPRESSIONS if request.get(kind))
    if not texts:
        raise invalid("ExpressionAttributeNames can only be specified when using expressions")
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    expressions.require_names_used(texts, tuple(names))
    return tuple(names.items())


def _values(request: Mapping[str, Any], used: frozenset[str]) -> Item:
    """ExpressionAttributeValues, copied: all that are used, and no others."""
    values = request.get("ExpressionAttributeValues")
    if values is not None and not values:
        raise invalid("ExpressionAttributeValues must not be empty")
    given = (values or {}).keys()
    if missing := sorted(used - given):
        raise invalid(f"An expression attribute value used in expression is not defined; attribute value: {missing[0]}")
    if unused := sorted(given - used):
        raise invalid(f"Value provided in ExpressionAttributeValues unused in expressions: keys: {unused}")
    return {name: _taken(value) for name, value in (values or {}).items()}


def _filter(request: Mapping[str, Any], names: tuple[tuple[str, str], ...]) -> expressions.Condition:
    if text := request.get("FilterExpression"):
        return expressions.condition(text, names, "FilterExpression")
    return expressions.Condition(lambda *_: True, frozenset())


def _projection(request: Mapping[str, Any]) -> Sequence[expressions.Steps] | None:
    if text := request.get("ProjectionExpression"):
        return expressions.projection(text, tuple((request.get("ExpressionAttributeNames") or {}).items()))
    return None


def _range(
    compiled: expressions.KeyCondition, keys: tuple[str, str], values: Item
) -> tuple[str, Callable[[str], bool]]:
    """The partition, and whether a sort key is within the condition."""
    partition: str | None = None
    tests: list[Callable[[str], bool]] = []
    for name, sign, placeholders in compiled.parts:
        texts = [values[placeholder].get("S") for placeholder in placeholders]
        if None in texts or name not in keys or (name == keys[0] and (sign != "=" or partition is not None)):
            raise invalid(f"Query condition missed key schema element: {keys[0]}, or it is not supported")
        if name == keys[0]:
            partition = texts[0]
        else:
            tests.append(_RANGES[sign](*texts))
    if partition is None or len(tests) > 1:
        raise invalid(f"Query condition missed key schema element: {keys[0]}")
    return partition, tests[0] if tests else lambda _: True


_RANGES: Mapping[str, Callable[..., Callable[[str], bool]]] = {
    "=": lambda text: lambda sort: sort == text,
    "<": lambda text: lambda sort: sort < text,
    "<=": lambda text: lambda sort: sort <= text,
    ">": lambda text: lambda sort: sort > text,
    ">=": lambda text: lambda sort: sort >= text,
    "BETWEEN": lambda low, high: lambda sort: low <= sort <= high,
    "begins_with": lambda text: lambda sort: sort.startswith(text),
}


def _listed(
    shown: Sequence[Item], scanned: int, last: Item | None, select: str, paths: Sequence[expressions.Steps] | None
) -> dict[str, Any]:
    items = {} if select == "COUNT" else {"Items": [_shown(item, paths) for item in shown]}
    following = {"LastEvaluatedKey": _copied(last)} if last else {}
    return {**items, "Count": len(shown), "ScannedCount": scanned, **following}


def _shown(item: Item, paths: Sequence[expressions.Steps] | None) -> Item:
    return _copied(item if paths is None else expressions.projected(item, paths))


def _size(item: Mapping[str, Any]) -> int:
    """The bytes of an item, as DynamoDB counts them."""
    return sum(len(name.encode()) + _size_of(attribute) for name, attribute in item.items())


def _size_of(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return 3 + len(value) + _size(value)
        case "L":
            return 3 + sum(1 + _size_of(member) for member in value)
        case "BOOL" | "NULL":
            return 1
        case "S" | "B":
            return len(value.encode() if kind == "S" else value)
    return sum(len(str(member)) for member in ([value] if kind == "N" else value))


def _copied(value: Any) -> Any:
    """A deep copy of a document."""
    kind = type(value)
    if kind is dict:
        return {name: _copied(member) for name, member in value.items()}
    if kind is list or kind is tuple:
        return [_copied(member) for member in value]
    return value


def _taken_item(item: Mapping[str, Any]) -> Item:
    return {name: _taken(value) for name, value in item.items()}


def _taken(attribute: Any) -> Any:
    """A copy of an attribute; what botocore would refuse to send is refused."""
    if type(attribute) is not dict or len(attribute) != 1:
        raise ParamValidationError(report=f"Invalid attribute: {attribute!r}")
    ((kind, value),) = attribute.items()
    good = type(value) is _TYPES.get(kind) or (kind == "S" and isinstance(value, str))
    if not good:
        raise ParamValidationError(report=f"Invalid type for parameter {kind}: {value!r}")
    if kind == "S":
        return {"S": str(value)}
    if kind == "M":
        return {"M": {name: _taken(member) for name, member in value.items()}}
    if kind == "L":
        return {"L": [_taken(member) for member in value]}
    if kind in _LISTS:
        if not value or len(set(value)) < len(value):
            raise invalid("One or more parameter values were invalid: a set is empty or has duplicates")
        return {kind: list(value)}
    if kind == "N":
        _require_number(value)
    return {kind: value}


def _require_number(text: str) -> None:
    try:
        expressions.number(text)
    except ArithmeticError:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}") from None


_TYPES = {
    "S": str,
    "N": str,
    "BOOL": bool,
    "M": dict,
    "L": list,
    "NULL": bool,
    "B": bytes,
    **dict.fromkeys(_LISTS, list),
}
