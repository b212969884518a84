"""Who calls a function without its alias."""

from collections.abc import Iterator
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.function.callers import BUSES, PAGES, SHOWN, Callers
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.function.target import FunctionTarget
from controller.errors import TransientError
from tests.unit.aws.conftest import World
from tests.unit.aws.fake_lambda import ARN, NAME, NoCallers, refuse
from tests.unit.aws.fake_rest_api import API, STAGE, FakeRestApi, a_definition, an_integration


class Listing(NoCallers):
    """EventBridge, its Scheduler and its Pipes, or the integrations of an HTTP API: a list of theirs, and the buses.

    The same page comes so often; `rules` are the rules by their target and bus.
    """

    def __init__(self, page: dict[str, Any], trouble: Exception | None = None, pages: int = 1) -> None:
        self._page, self._trouble, self._pages, self.read = page, trouble, pages, 0
        self.rules: dict[tuple[str, str], list[str]] = {}
        self.buses = ["default"]

    def list_event_buses(self, *, Limit: int) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """So many buses, and whether there are more."""
        more = {"NextToken": "more"} if len(self.buses) > Limit else {}
        return {"EventBuses": [{"Name": name} for name in self.buses[:Limit]], **more}

    def paginate(self, **asked: str) -> Iterator[dict[str, Any]]:
        """The pages, one after the other."""
        if self._trouble:
            raise self._trouble
        if "TargetArn" in asked:
            yield {"RuleNames": self.rules.get((asked["TargetArn"], asked["EventBusName"]), [])}
            return
        for number in range(self._pages):
            self.read = number
            yield self._page


def found(clients: Clients, **target: Any) -> Bypassing:  # noqa: ANN401 - any key
    """What is found about the function."""
    known = FunctionTarget.model_validate({"kind": "function", "function_name": NAME, **target})
    return Callers(clients, known, ARN).found()


def callers(world: World, schedules: tuple[str, ...] = (), integrations: tuple[str, ...] = ()) -> list[str]:
    """The function's callers, with schedules and integrations of these ARNs."""
    clients = world.clients
    clients.schedules = Listing({"Schedules": [{"Name": "nightly", "Target": {"Arn": arn}} for arn in schedules]})
    uri = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{}/invocations"
    items = [{"IntegrationId": "i1", "IntegrationUri": uri.format(arn)} for arn in integrations]
    clients.gateway = Listing({"Items": items})  # type: ignore[assignment]
    bypassing = found(clients, api_id="api1" if integrations else None)
    assert (bypassing.unread, bypassing.beyond) == ((), ())
    return list(bypassing.callers)


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
    assert "the schedule nightly" in found(clients, function_name=ARN).callers


def test_rules_that_call_with_a_role_are_found(world: World) -> None:
    """On every bus, of the function and of its `$LATEST`; one that its policy permits, too, is named once."""
    clients = world.clients
    rule = "arn:aws:events:eu-central-1:123456789012:rule"
    world.functions.policy = [statement("events.amazonaws.com", f"{rule}/nightly")]
    clients.events = listing = Listing({})  # type: ignore[assignment]
    listing.buses = ["default", "orders"]
    listing.rules = {
        (ARN, "default"): ["nightly", "hourly"],
        (f"{ARN}:$LATEST", "orders"): ["placed"],
        (f"{ARN}:live", "default"): ["right"],
    }
    expected = [f"the rule {rule}/{one}" for one in ("nightly", "hourly", "orders/placed")]
    assert list(found(clients).callers) == expected


def test_pipes_are_found(world: World) -> None:
    """That lead to the function, or enrich by it; not those of its alias, nor one that is stopped."""
    clients = world.clients
    pipes = [
        {"Name": "one", "Target": ARN},
        {"Name": "two", "Target": "arn:queue", "Enrichment": ARN, "DesiredState": "RUNNING"},
        {"Name": "three", "Target": f"{ARN}:live"},
        {"Name": "four", "Target": ARN, "DesiredState": "STOPPED"},
    ]
    clients.pipes = Listing({"Pipes": pipes})
    assert found(clients).callers == ("the pipe one", "the pipe two")


def test_routes_of_a_rest_api_are_found(world: World) -> None:
    """As its stage serves them; they may call with a role, of which the function's policy knows nothing."""
    routes = {"get": an_integration(NAME), "post": an_integration(f"{NAME}:live"), "put": an_integration("other")}
    clients = world.clients
    clients.rest_gateway = FakeRestApi(a_definition(**routes))
    assert found(clients, rest_api_id=API, rest_api_stage=STAGE).callers == (
        f"the route GET /generate of the API {API}",
    )


@pytest.mark.parametrize(
    ("client", "call"),
    [
        ("schedules", "scheduler:ListSchedules"),
        ("events", "events:ListRuleNamesByTarget"),
        ("pipes", "pipes:ListPipes"),
    ],
)
def test_what_may_not_be_read_is_no_caller(world: World, client: str, call: str) -> None:
    """A caller that nobody sees must not look like none, and what may be corrected not like one."""
    clients = world.clients
    setattr(clients, client, Listing({}, refuse("AccessDeniedException", 403)))
    bypassing = found(clients)
    assert (bypassing.callers, bypassing.beyond) == ((), ())
    assert [one.partition(" ")[0].rstrip(":") for one in bypassing.unread] == [call]


def test_an_account_with_a_million_schedules_is_not_read_to_the_end(world: World) -> None:
    """Otherwise no release would go on there; that nobody can know more is told from what was found."""
    listing = Listing({"Schedules": [{"Name": "nightly", "Target": {"Arn": ARN}}]}, pages=10_000)
    clients = world.clients
    clients.schedules = listing
    bypassing = found(clients)
    assert (bypassing.callers, bypassing.unread, listing.read) == (("the schedule nightly",), (), PAGES)
    assert ["more schedules than the first 50 pages" in one for one in bypassing.beyond] == [True]


def test_an_account_with_many_buses_is_not_asked_for_all_of_them(world: World) -> None:
    """That there are more is said."""
    clients = world.clients
    clients.events = listing = Listing({})  # type: ignore[assignment]
    listing.buses = [f"bus-{number}" for number in range(BUSES + 1)]
    assert ["more event buses" in one for one in found(clients).beyond] == [True]


def test_what_passes_is_asked_again_where_it_decides(world: World) -> None:
    """A throttled list is no answer, and refuses no release."""
    clients = world.clients
    clients.schedules = Listing({}, refuse("ThrottlingException", 429))
    with pytest.raises(TransientError):
        found(clients, when_bypassed="refuse")


def test_what_is_only_said_stops_no_release(world: World) -> None:
    """EventBridge Scheduler may be away for hours; who is known is said, and that there may be others."""
    clients = world.clients
    clients.schedules = Listing({}, refuse("ServiceUnavailableException", 503))
    world.functions.policy = [statement("sns.amazonaws.com", "arn:topic")]
    bypassing = found(clients)
    assert (bypassing.callers, len(bypassing.unread)) == (("the topic arn:topic",), 1)


def test_many_callers_are_counted(world: World) -> None:
    """A sentence has to be read."""
    world.functions.policy = [statement("sns.amazonaws.com", f"arn:{number}") for number in range(30)]
    assert callers(world)[SHOWN:] == ["20 more"]
