"""Who calls a function without its alias."""

from collections.abc import Iterator
from typing import Any

import pytest

from controller.aws.components.function.callers import PAGES, SHOWN, Callers
from controller.errors import TransientError
from tests.unit.aws.conftest import World
from tests.unit.aws.fake_lambda import NAME, refuse

ARN = f"arn:aws:lambda:eu-central-1:123456789012:function:{NAME}"


class Listing:
    """The schedules of EventBridge Scheduler, or the integrations of an HTTP API."""

    def __init__(self, page: dict[str, Any], trouble: Exception | None = None, pages: int = 1) -> None:
        self._page, self._trouble, self._pages, self.read = page, trouble, pages, 0

    def get_paginator(self, _: str) -> "Listing":
        """Itself."""
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        """One page, or more of the same."""
        if self._trouble:
            raise self._trouble
        for number in range(self._pages):
            self.read = number
            yield self._page


def callers(
    world: World, schedules: tuple[str, ...] = (), integrations: tuple[str, ...] = (), trouble: Exception | None = None
) -> list[str]:
    """The function's callers, with schedules and integrations of these ARNs."""
    clients = world.clients
    found = [{"Name": "nightly", "Target": {"Arn": arn}} for arn in schedules]
    clients.schedules = Listing({"Schedules": found}, trouble)
    uri = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{}/invocations"
    items = [{"IntegrationId": "i1", "IntegrationUri": uri.format(arn)} for arn in integrations]
    clients.gateway = Listing({"Items": items})  # type: ignore[assignment]
    return list(Callers(clients, NAME, "api1" if integrations else None).without_alias())


def statement(service: str, source: str = "", resource: str = ARN) -> dict[str, Any]:
    """A statement of the function's policy."""
    condition = {"Condition": {"ArnLike": {"AWS:SourceArn": source}}} if source else {}
    principal = {"Service": service} if "." in service else {"AWS": service}
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "lambda:InvokeFunction",
        "Resource": resource,
        **condition,
    }


def test_a_function_that_is_called_by_its_alias_alone_has_none(world: World) -> None:
    """Permissions, mappings, URLs, schedules and integrations of the alias are right."""
    live = f"{ARN}:live"
    world.functions.policy = [statement("apigateway.amazonaws.com", "arn:api", live)]
    world.functions.mappings = [{"UUID": "u", "FunctionArn": live, "EventSourceArn": "arn:queue", "State": "Enabled"}]
    world.functions.urls = [{"FunctionArn": live, "FunctionUrl": "https://x"}]
    assert callers(world, (live, f"{ARN}-other"), (live, f"{ARN}-other")) == []


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (statement("events.amazonaws.com", "arn:rule"), "the rule arn:rule"),
        (statement("s3.amazonaws.com", "arn:bucket"), "the notifications of the bucket arn:bucket"),
        (statement("sns.amazonaws.com", "arn:topic"), "the topic arn:topic"),
        (statement("apigateway.amazonaws.com", "arn:api"), "the API arn:api"),
        (statement("config.amazonaws.com"), "whatever config.amazonaws.com calls it for"),
        (statement("123456789012"), "123456789012"),
        (statement("*"), "everybody"),
    ],
)
def test_permissions_of_the_function_itself_are_found(world: World, one: dict[str, Any], said: str) -> None:
    """Each says who uses it."""
    world.functions.policy = [one]
    assert callers(world) == [said]


def test_what_needs_no_permission_is_found(world: World) -> None:
    """A queue's mapping, a function URL, an integration and a schedule with roles of their own."""
    mapping = {"UUID": "u", "FunctionArn": ARN, "EventSourceArn": "arn:queue", "State": "Enabled"}
    world.functions.mappings = [mapping, {**mapping, "EventSourceArn": "arn:off", "State": "Disabled"}]
    world.functions.urls = [{"FunctionArn": ARN, "FunctionUrl": "https://x"}]
    assert callers(world, (ARN, f"{ARN}:$LATEST"), (ARN,)) == [
        "the mapping of arn:queue",
        "the function URL https://x",
        "the integration i1 of the API api1",
        "the schedule nightly",
    ]


def test_a_function_may_be_named_by_its_arn(world: World) -> None:
    """An environment may name it so; its schedules are found all the same."""
    clients = world.clients
    clients.schedules = Listing({"Schedules": [{"Name": "nightly", "Target": {"Arn": ARN}}]})
    assert "the schedule nightly" in Callers(clients, ARN, None).without_alias()


def test_what_may_not_be_read_is_said(world: World) -> None:
    """A caller that nobody sees must not look like none."""
    [said] = callers(world, trouble=refuse("AccessDeniedException", 403))
    assert said.startswith("perhaps others, because this could not be read: scheduler:ListSchedules")


def test_an_account_with_a_million_schedules_is_not_read_to_the_end(world: World) -> None:
    """Otherwise no release would go on there; that there may be more is said."""
    listing = Listing({"Schedules": [{"Name": "nightly", "Target": {"Arn": ARN}}]}, pages=10_000)
    clients = world.clients
    clients.schedules = listing
    [first, more] = Callers(clients, NAME, None).without_alias()
    assert (first, more.partition(",")[0]) == ("the schedule nightly", "perhaps others")
    assert listing.read == PAGES


def test_what_passes_is_asked_again(world: World) -> None:
    """A throttled list is no answer."""
    with pytest.raises(TransientError):
        callers(world, trouble=refuse("ThrottlingException", 429))


def test_many_callers_are_counted(world: World) -> None:
    """A sentence has to be read."""
    world.functions.policy = [statement("sns.amazonaws.com", f"arn:{number}") for number in range(30)]
    assert callers(world)[SHOWN:] == ["20 more"]
