"""Front ends of Lambda: each routes as the alias was when it last learned of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.lambdas import Lambda
from tests.simulation.weather.front_ends import FRONT_ENDS, FrontEnds
from tests.simulation.weather.told import Told

START = datetime(2030, 1, 1, tzinfo=UTC)
FUNCTION, ALIAS = "api", "live"
TRIES = 40


@dataclass
class Account:
    """A function with two versions, whose alias is on the first one; a test moves the time."""

    weather: Told
    seconds: float = 0
    front_ends: FrontEnds = field(init=False)

    def __post_init__(self) -> None:
        self.lambdas = Lambda(lambda: START + timedelta(seconds=self.seconds))
        made = {"Handler": "app.handler", "Runtime": "python3.13", "Role": "role"}
        self.lambdas.create_function(FunctionName=FUNCTION, Code={"ZipFile": b"one"}, Publish=True, **made)
        self.lambdas.update_function_code(FunctionName=FUNCTION, ZipFile=b"two", Publish=True)
        self.lambdas.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion="1")
        self.front_ends = FrontEnds(lambda: self.seconds, self.weather, Random(1), self.lambdas, FUNCTION, ALIAS)

    def move(self, version: str, **shares: float) -> None:
        """Write the alias; `shares` are `v2=0.1`."""
        weights = {name.removeprefix("v"): share for name, share in shares.items()}
        routing = {"AdditionalVersionWeights": weights}
        self.lambdas.update_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=version, RoutingConfig=routing)

    def routed(self, moment: float) -> list[str]:
        """The version to which each front end routes at a moment."""
        self.seconds = moment
        return [self.front_ends.routed(one).version for one in range(FRONT_ENDS)]

    def executed(self) -> set[str]:
        """The versions that execute invocations through the alias."""
        calls = (self.lambdas.invoke(FunctionName=FUNCTION, Qualifier=ALIAS) for _ in range(TRIES))
        return {call["ExecutedVersion"] for call in calls}


def test_each_front_end_learns_of_an_alias_at_a_time_of_its_own() -> None:
    """The others route as before."""
    account = Account(Told(alias_learned=[1, 2, 30, 40]))
    account.move("2")
    assert account.routed(5) == ["2", "2", "1", "1"]
    assert account.routed(40) == ["2"] * 4
    assert account.front_ends.arrivals.arrived(0) == 40


def test_an_invocation_through_the_alias_says_which_version_executed_it() -> None:
    """While some front ends are behind, both do."""
    account = Account(Told(alias_learned=[1, 2, 30, 40]))
    account.move("2")
    account.seconds = 5
    assert account.executed() == {"1", "2"}
    account.seconds = 41
    assert account.executed() == {"2"}


def test_a_weight_holds_for_the_front_ends_that_know_it() -> None:
    """One that is behind sends nothing to the canary."""
    account = Account(Told(alias_learned=[0, 60, 60, 60]))
    account.move("1", v2=0.5)
    found = [account.routed(1) for _ in range(TRIES)]
    assert {one[0] for one in found} == {"1", "2"}
    assert {version for one in found for version in one[1:]} == {"1"}
    assert [account.front_ends.routed(one).is_weighted for one in range(FRONT_ENDS)] == [True, False, False, False]


def test_a_front_end_that_routes_to_a_deleted_version_does_not_find_the_function() -> None:
    """Visitors of the others notice nothing."""
    account = Account(Told(alias_learned=[0, 0, 0, 60]))
    account.move("2")
    account.lambdas.delete_function(FunctionName=FUNCTION, Qualifier="1")
    assert [account.front_ends.routed(one).is_there for one in range(FRONT_ENDS)] == [True, True, True, False]
    with pytest.raises(ClientError, match="Function not found"):
        account.executed()


def test_a_new_version_may_not_be_seen_and_an_update_neither() -> None:
    """A read that is behind tells what was there before."""
    account = Account(Told())
    account.lambdas.updates_may_be_unseen = True
    account.seconds = 100
    before = account.lambdas.get_function_configuration(FunctionName=FUNCTION)
    account.lambdas.update_function_code(FunctionName=FUNCTION, ZipFile=b"three", Publish=True)
    account.seconds, account.lambdas.lag = 101, 2
    assert account.lambdas.get_function_configuration(FunctionName=FUNCTION)["CodeSha256"] == before["CodeSha256"]
    with pytest.raises(ClientError, match="Function not found"):
        account.lambdas.get_function_configuration(FunctionName=FUNCTION, Qualifier="3")
    account.lambdas.lag = 0
    assert account.lambdas.get_function_configuration(FunctionName=FUNCTION, Qualifier="3")["Version"] == "3"
