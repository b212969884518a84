"""The gateway on loopback, before an emulator of a few lines."""

import asyncio
import json
from typing import Any

from selfright.local.gateway.alarms import SeenAlarms
from selfright.local.gateway.late_aws import LateAws
from selfright.local.gateway.server import Gateway
from selfright.local.gateway.wire import AwsCall, forward, of_root
from selfright.weather import Weather
from tests.unit.local.gateway.calls import call, ok, said

FUNCTIONS = "/2015-03-31/functions"
DONE = {"FunctionName": "f", "LastUpdateStatus": "Successful", "Version": "$LATEST"}


class Emulator(Gateway):
    """Has one parameter, one function and one alarm."""

    def __init__(self) -> None:
        super().__init__()
        self.value = "first"

    async def answer(self, request: AwsCall, *_: object) -> bytes:
        """Whatever is asked, at once."""
        if request.operation == "PutParameter":
            self.value = json.loads(request.body)["Value"]
        if request.operation == "DescribeAlarms":
            alarm = {"AlarmName": "a", "ActionsEnabled": False, "StateValue": "OK"}
            return ok({"MetricAlarms": [alarm]})
        return ok(DONE if request.service == "lambda" else {"Value": self.value})


async def asked(*requests: AwsCall) -> list[Any]:
    """What the gateway answers in a storm to these requests, one after the other."""
    emulator = Emulator()
    behind = await emulator.listen()
    alarms = SeenAlarms(None, lambda *_: None, lambda _: None)  # type: ignore[arg-type]
    gateway = LateAws(behind.sockets[0].getsockname()[1], Weather("storm", 5, 100), alarms)
    before = await gateway.listen()
    port = before.sockets[0].getsockname()[1]
    try:
        return [said(await forward(request, port)) for request in requests]
    finally:
        behind.close()
        await gateway.close(before)


def test_a_read_is_stale_after_a_write_by_the_same_way() -> None:
    """In a storm a hundred times as slow as AWS's, some of many reads still say the old."""
    read, write = call("ssm", "GetParameter", {"Name": "/a"}), call("ssm", "PutParameter", {"Value": "second"})
    answers = asyncio.run(asked(read, write, *[read] * 30))
    assert answers[0] == {"Value": "first"}
    assert {answer["Value"] for answer in answers[2:]} == {"first", "second"}


def test_an_update_is_in_progress_and_a_second_one_is_refused() -> None:
    """The emulator had finished at once."""
    update = call("lambda", method="PUT", path=f"{FUNCTIONS}/f/code")
    first, read, second = asyncio.run(asked(update, call("lambda", path=f"{FUNCTIONS}/f/configuration"), update))
    assert (first["LastUpdateStatus"], read["LastUpdateStatus"]) == ("InProgress", "InProgress")
    assert "An update is in progress" in second["message"]


def test_alarms_are_shown_as_they_are_until_they_were_evaluated() -> None:
    """Nothing is invented."""
    (answer,) = asyncio.run(asked(call("monitoring", "DescribeAlarms", {})))
    assert answer["MetricAlarms"] == [{"AlarmName": "a", "ActionsEnabled": False, "StateValue": "OK"}]


def test_a_request_of_root_has_no_token_of_another() -> None:
    """The emulator would refuse a key with a foreign session."""
    line = b"X-Amz-Security-Token: secret"
    request = AwsCall("GET", "/", {"x-amz-security-token": "secret"}, (b"GET / HTTP/1.1", line), b"")
    led = of_root(request, "lambda")
    assert (led.service, "x-amz-security-token" in led.headers, line in led.head) == ("lambda", False, False)
