"""Reads that still say the old."""

import json

import pytest

from selfright.local.gateway.stale_reads import StaleReads, may_be_stale
from tests.unit.local.gateway.calls import call, ok

PARAMETER = call("ssm", "GetParameter", {"Name": "/a"})
OLD, NEW = ok({"Parameter": {"Value": "old"}}), ok({"Parameter": {"Value": "new"}})


@pytest.mark.parametrize(
    ("request_", "stale"),
    [
        (PARAMETER, True),
        (call("ssm", "PutParameter", {}), False),
        (call("dynamodb", "Query", {"IndexName": "by-time"}), True),
        (call("dynamodb", "Query", {"ConsistentRead": True}), False),
        (call("dynamodb", "GetItem", {"ConsistentRead": True}), False),
        (call("lambda", path="/2015-03-31/functions/f/aliases/live"), True),
        (call("lambda", path="/2015-03-31/functions/f"), True),
        (call("lambda", path="/2015-03-31/functions/f/configuration?Qualifier=3"), True),
        (call("lambda", path="/2015-03-31/functions/f/versions"), False),
        (call("cloudfront", path="/2020-05-31/function/routing?Stage=LIVE"), True),
        (call("cloudfront", path="/2020-05-31/function/routing/describe"), True),
        (call("cloudfront", path="/2020-05-31/distribution/E1"), False),
    ],
)
def test_only_reads_that_aws_does_not_promise_may_be_stale(request_: object, stale: bool) -> None:
    """Functions, aliases, parameters and indexes; never a consistent read of DynamoDB, and never a write."""
    assert may_be_stale(request_) is stale  # type: ignore[arg-type]


def reads(late: float, *behind: bool) -> tuple[StaleReads, list[float]]:
    """Stale reads by a clock to turn; `behind` says of each read in an instant of lateness whether it is behind."""
    now, hosts = [100.0], iter(behind)
    return StaleReads(lambda: late, lambda: next(hosts), lambda: now[0]), now


def test_a_read_is_stale_for_an_instant_after_the_write() -> None:
    """Then everybody says the new."""
    stale, now = reads(2, True)
    assert stale.answer(PARAMETER, OLD) == OLD
    stale.note_write("ssm")
    assert stale.answer(PARAMETER, NEW) == OLD
    now[0] += 2
    assert stale.answer(PARAMETER, NEW) == NEW


def test_the_old_can_follow_the_new() -> None:
    """One host knows, the next one does not: having seen the new once proves nothing."""
    stale, _ = reads(2, False, True)
    stale.answer(PARAMETER, OLD)
    stale.note_write("ssm")
    assert [stale.answer(PARAMETER, NEW), stale.answer(PARAMETER, NEW)] == [NEW, OLD]


def test_the_instant_begins_with_the_write_and_not_with_the_read() -> None:
    """Who asks only later is told the new."""
    stale, now = reads(2)
    stale.answer(PARAMETER, OLD)
    stale.note_write("ssm")
    now[0] += 5
    assert stale.answer(PARAMETER, NEW) == NEW


def test_what_nobody_has_read_before_is_new() -> None:
    """There is nothing old to say."""
    stale, _ = reads(2)
    stale.note_write("ssm")
    assert stale.answer(PARAMETER, NEW) == NEW


def test_the_emulators_own_errors_pass() -> None:
    """They are no state of anything."""
    stale, _ = reads(2)
    stale.answer(PARAMETER, OLD)
    error = b"HTTP/1.1 500 Oh\r\n\r\n"
    assert stale.answer(PARAMETER, error) == error


def test_a_link_that_is_signed_anew_is_no_change() -> None:
    """GetFunction has another link to the code each time."""
    stale, _ = reads(2)
    read = call("lambda", path="/2015-03-31/functions/f")
    first, second = (ok({"Configuration": {"a": 1}, "Code": {"Location": link}}) for link in ("x", "y"))
    stale.answer(read, first)
    assert stale.answer(read, second) == second
    assert json.loads(second.partition(b"\r\n\r\n")[2])["Code"] == {"Location": "y"}
