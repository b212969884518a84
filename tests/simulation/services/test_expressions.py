"""The fake DynamoDB reads expressions as moto does, and refuses what AWS refuses."""
# ruff: noqa: ANN401 - items are AWS's documents

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.simulation.aws.dynamodb import Change, DynamoDb, ledger_table
from tests.simulation.services.both import Both
from tests.unit.aws.ledger_table import TABLE, a_table

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ITEM = {
    **KEY,
    "phase_now": {"S": "BAKING"},
    "weight": {"N": "10"},
    "tokens": {"L": [{"S": "a"}, {"S": "b"}]},
    "unsent": {"M": {"end": {"M": {"claimed_until": {"S": "2030"}}}, "none": {"M": {}}}},
    "flag": {"BOOL": True},
    "names": {"SS": ["x", "y"]},
}
VALUES = {
    ":text": {"S": "BAKING"},
    ":other": {"S": "BA"},
    ":ten": {"N": "10"},
    ":nine": {"N": "9"},
    ":more": {"N": "11.5"},
    ":two": {"N": "2"},
    ":flag": {"BOOL": True},
    ":list": {"L": [{"S": "c"}]},
    ":map": {"M": {"by": {"S": "me"}}},
    ":a": {"S": "a"},
    ":x": {"S": "x"},
    ":set": {"SS": ["y", "z"]},
}
CONDITIONS = (
    "attribute_exists(weight)",
    "attribute_not_exists(unsent.stop)",
    "attribute_exists(unsent.#end.claimed_until)",
    "attribute_exists(tokens[1]) AND attribute_not_exists(tokens[2])",
    "phase_now = :text",
    "phase_now <> :text",
    "nowhere <> :text",
    "nowhere = :text",
    "weight < :nine OR weight >= :ten",
    "weight = :text",
    "weight <= :more AND NOT weight < :ten",
    "weight BETWEEN :nine AND :more",
    "phase_now IN (:other, :text)",
    "begins_with(phase_now, :other)",
    "contains(phase_now, :other)",
    "contains(tokens, :a)",
    "contains(#names, :x)",
    "size(unsent) = :two",
    "size(tokens) < :two",
    "NOT (flag = :flag AND attribute_exists(nowhere))",
    "(attribute_not_exists(nowhere) OR nowhere < :ten) AND weight = :ten",
)
UPDATES = (
    "SET weight = :nine, #new = :map",
    "SET weight = weight + :more",
    "SET weight = weight - :two REMOVE flag",
    "SET #new = if_not_exists(nowhere, :ten)",
    "SET weight = if_not_exists(weight, :nine)",
    "SET tokens = list_append(tokens, :list)",
    "SET #new = list_append(if_not_exists(nowhere, :list), :list)",
    "SET unsent.#new = :map",
    "SET unsent.#end.claimed_until = :text REMOVE unsent.none",
    "SET tokens[0] = :text, tokens[7] = :a",
    "REMOVE nowhere",
    "REMOVE tokens[0]",
    "ADD weight :two, #new :ten",
    "ADD #names :set",
    "DELETE #names :set",
    "SET nowhere.inside = :a",
    "SET weight = nowhere + :two",
    "SET phase_now = phase_now + :two",
)
NAMES = {"#end": "end", "#new": "new", "#names": "names"}


def used(*texts: str) -> dict[str, Any]:
    """Names and values that these expressions use."""
    words = {word.strip("(),[].") for text in texts for part in text.split() for word in part.split("(")}
    inside = {part for word in words for part in word.split(".")}
    values = {name: value for name, value in VALUES.items() if name in inside}
    names = {name: value for name, value in NAMES.items() if name in inside}
    return {
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def a_fake(now: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> DynamoDb:
    """A fake with an empty ledger, whose clock stands still."""
    fake = DynamoDb(lambda: now)
    fake.create_table(**ledger_table(TABLE))
    return fake


@pytest.fixture
def both() -> Iterator[Any]:
    """The item in both."""
    with a_table() as moto:
        made = Both(a_fake(), moto)
        made.put_item(TableName=TABLE, Item=ITEM)
        yield made


def try_to(call: Any, **request: Any) -> str:
    """The code of the error; "" for none."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_conditions_hold_alike(both: Any) -> None:
    """Every kind of condition, and their combinations by chance."""
    chance = Random(7)
    drawn = [
        f"({chance.choice(CONDITIONS)}) {chance.choice(('AND', 'OR', 'AND NOT'))} ({chance.choice(CONDITIONS)})"
        for _ in range(60)
    ]
    outcomes = {
        try_to(both.put_item, TableName=TABLE, Item=ITEM, ConditionExpression=text, **used(text))
        for text in (*CONDITIONS, *drawn)
    }
    assert outcomes == {"", "ConditionalCheckFailedException"}


def test_the_size_of_nothing_is_no_number() -> None:
    """A comparison with it does not hold; moto fails there."""
    fake, text = a_fake(), "size(nowhere) < :two OR size(nowhere) >= :two"
    request = {"TableName": TABLE, "Item": ITEM, "ConditionExpression": text, **used(text)}
    assert try_to(fake.put_item, **request) == "ConditionalCheckFailedException"


@pytest.mark.parametrize("text", UPDATES)
@pytest.mark.parametrize("returned", ["ALL_NEW", "ALL_OLD"])
def test_updates_change_alike(both: Any, text: str, returned: str) -> None:
    """Every kind of update has the same result, or the same refusal."""
    try_to(both.update_item, TableName=TABLE, Key=KEY, UpdateExpression=text, ReturnValues=returned, **used(text))
    both.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)


def test_an_update_makes_an_item(both: Any) -> None:
    """Updating what is not there begins with the key alone."""
    key = {**KEY, "sk": {"S": "new"}}
    request = {"UpdateExpression": "SET weight = :ten", **used(":ten")}
    assert both.update_item(TableName=TABLE, Key=key, ReturnValues="ALL_NEW", **request)["Attributes"] == {
        **key,
        "weight": {"N": "10"},
    }


@pytest.mark.parametrize("failing", [(), (0,), (2,), (0, 2)])
def test_a_transaction_is_all_or_nothing(both: Any, failing: tuple[int, ...]) -> None:
    """Where one condition fails nothing is written, and the reasons come in the order of the actions."""
    condition = {"ConditionExpression": "attribute_exists(pk)"}
    keys = [{**KEY, "sk": {"S": f"absent {number}" if number in failing else f"{number}"}} for number in range(3)]
    for number in range(3):
        both.put_item(TableName=TABLE, Item={**KEY, "sk": {"S": f"{number}"}})
    actions = [
        {"Update": {"TableName": TABLE, "Key": keys[0], "UpdateExpression": "SET weight = :nine", **used(":nine")}},
        {"Put": {"TableName": TABLE, "Item": {**KEY, "sk": {"S": "put"}}}},
        {"ConditionCheck": {"TableName": TABLE, "Key": keys[2], **condition}},
    ]
    actions[0]["Update"] |= condition
    failed = try_to(both.transact_write_items, TransactItems=actions)
    assert failed == ("TransactionCanceledException" if failing else "")
    both.scan(TableName=TABLE)


def test_a_token_does_a_transaction_once_in_ten_minutes() -> None:
    """The second request with a token has no effect, another request is refused, and a late one is done again."""
    now = [datetime(2030, 1, 1, tzinfo=UTC)]
    fake = DynamoDb(lambda: now[0])
    fake.create_table(**ledger_table(TABLE))
    add = {"Update": {"TableName": TABLE, "Key": KEY, "UpdateExpression": "ADD weight :two", **used(":two")}}
    for actions in ([add], (add,)):
        fake.transact_write_items(TransactItems=actions, ClientRequestToken="t")
    assert fake.item(TABLE, "p", "s")["weight"] == {"N": "2"}  # type: ignore[index]
    other = {"Put": {"TableName": TABLE, "Item": KEY}}
    with pytest.raises(fake.exceptions.IdempotentParameterMismatchException):
        fake.transact_write_items(TransactItems=[other], ClientRequestToken="t")
    now[0] += timedelta(minutes=11)
    fake.transact_write_items(TransactItems=[add], ClientRequestToken="t")
    assert fake.item(TABLE, "p", "s")["weight"] == {"N": "4"}  # type: ignore[index]


@pytest.mark.parametrize(
    "request_",
    [
        {"ConditionExpression": "weight = :ten"},
        {"ConditionExpression": "attribute_exists(pk)", "ExpressionAttributeValues": {":ten": {"N": "1"}}},
        {"ConditionExpression": "attribute_exists(pk)", "ExpressionAttributeNames": {"#a": "a"}},
        {"ConditionExpression": "attribute_exists(state)"},
        {"ConditionExpression": "attribute_exists(pk) AND"},
        {"ConditionExpression": "((attribute_exists(pk)))"},
        {"ExpressionAttributeValues": {}},
    ],
    ids=["undefined", "unused value", "unused name", "reserved", "unfinished", "redundant", "empty"],
)
def test_what_aws_finds_wrong_is_refused(request_: dict[str, Any]) -> None:
    """A request that is wrong in itself is a ValidationException, whatever is stored."""
    assert try_to(a_fake().put_item, TableName=TABLE, Item=ITEM, **request_) == "ValidationException"


def test_what_botocore_would_not_send_is_refused() -> None:
    """An attribute of a wrong type never reaches AWS."""
    with pytest.raises(ParamValidationError):
        a_fake().put_item(TableName=TABLE, Item={**KEY, "weight": {"N": 10}})


def test_items_are_copied_in_and_out() -> None:
    """Neither the writer's nor the reader's document is the stored one."""
    fake = a_fake()
    mine = {**KEY, "m": {"M": {}}}
    fake.put_item(TableName=TABLE, Item=mine)
    mine["m"]["M"]["changed"] = {"S": ""}  # type: ignore[index]
    fake.get_item(TableName=TABLE, Key=KEY)["Item"]["m"]["M"]["changed"] = {"S": ""}
    assert fake.item(TABLE, "p", "s") == {**KEY, "m": {"M": {}}}


def test_every_write_is_told_with_all_of_its_changes() -> None:
    """A watcher sees the state before and after, once for each write that changed something."""
    fake, seen = a_fake(), list[Any]()
    fake.on_write = seen.append
    fake.put_item(TableName=TABLE, Item=KEY)
    fake.delete_item(TableName=TABLE, Key=KEY)
    fake.delete_item(TableName=TABLE, Key=KEY)
    assert seen == [[Change(TABLE, ("p", "s"), None, KEY)], [Change(TABLE, ("p", "s"), KEY, None)]]


def test_items_expire_when_their_time_is_over() -> None:
    """Only those that say a time, and only once it has passed."""
    fake, now = a_fake(), int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())
    for name, expires in {"over": now - 1, "not yet": now + 1}.items():
        item = {**KEY, "sk": {"S": name}, "expires_at": {"N": str(expires)}}
        fake.put_item(TableName=TABLE, Item=item)
    fake.put_item(TableName=TABLE, Item=KEY)
    assert fake.expire() == 1
    assert [item["sk"]["S"] for item in fake.items(TABLE)] == ["not yet", "s"]


def test_only_reads_that_may_be_behind_are() -> None:
    """A read of an index or without ConsistentRead sees what was there before the lag."""
    now = [datetime(2030, 1, 1, tzinfo=UTC)]
    fake = DynamoDb(lambda: now[0])
    fake.create_table(**ledger_table(TABLE))
    item = {**KEY, "open": {"S": "1"}, "sort_key": {"S": "a"}}
    fake.put_item(TableName=TABLE, Item=item)
    now[0] += timedelta(seconds=5)
    fake.put_item(TableName=TABLE, Item=KEY)
    asked = {"TableName": TABLE, "IndexName": "open", "KeyConditionExpression": "#o = :one"}
    asked |= {"ExpressionAttributeNames": {"#o": "open"}, "ExpressionAttributeValues": {":one": {"S": "1"}}}
    assert fake.query(**asked)["Items"] == []
    fake.lag = 2.0
    assert fake.query(**asked)["Items"] == [item]
    assert fake.get_item(TableName=TABLE, Key=KEY)["Item"] == item
    assert fake.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)["Item"] == KEY
    now[0] += timedelta(seconds=5)
    assert fake.query(**asked)["Items"] == []
