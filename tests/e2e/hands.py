"""Actions of a person in the console or with any AWS tool, during a deployment."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from selfright.local.installation import APPLICATION, ENVIRONMENT
from tests.e2e.seen import Sights
from tests.e2e.waiting import until, until_updated

ALARM = f"{APPLICATION}-{ENVIRONMENT}-api-errors"
QUIET = f"{APPLICATION}-{ENVIRONMENT}-api-5xx"
"""Nothing here publishes its metric, so it keeps its state; the other one is evaluated with every request."""


class Hands(Sights):
    """Stops, alarms, changes, and an edge that does not answer."""

    def stop(self, arn: str) -> None:
        """Press *Stop* in the console."""
        self.stepfunctions.stop_execution(executionArn=arn)

    def reconcile(self) -> dict[str, str]:
        """Run the reconciler like the schedule."""
        name = self.resources["reconcile_function_arn"]
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"source": "aws.events"}))
        return dict(json.load(answer["Payload"])["done"])

    @contextmanager
    def disabled(self, rule: str) -> Iterator[None]:
        """Disable one of the controller's rules for the block."""
        events = self.client("events")
        (name,) = [one["Name"] for one in events.list_rules()["Rules"] if f"Triggers{rule}" in one["Name"]]
        events.disable_rule(Name=name)
        try:
            yield
        finally:
            events.enable_rule(Name=name)

    def alarm(self, name: str) -> Mapping[str, Any]:
        """An alarm in CloudWatch."""
        (found,) = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return dict(found)

    def set_alarm(self, name: str, state: str, reason: str) -> None:
        """Set the state of an alarm."""
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    @contextmanager
    def firing_unheard(self, name: str, reason: str) -> Iterator[None]:
        """An alarm fires during the block, and nobody is told: so it accuses no release that it still guards."""
        cloudwatch = self.client("cloudwatch")
        cloudwatch.disable_alarm_actions(AlarmNames=[name])
        self.set_alarm(name, "ALARM", reason)
        try:
            yield
        finally:
            cloudwatch.enable_alarm_actions(AlarmNames=[name])

    def until_calm(self) -> None:
        """Wait until CloudWatch itself finds no more errors; well served visitors produce the data for that.

        An alarm that was only set to OK would fire again as soon as the last visitors' errors are counted.
        """

        def calm() -> bool:
            self.live()
            return self.alarm(ALARM)["StateValue"] == "OK"

        self.set_alarm(QUIET, "OK", "a test is over")
        self.set_alarm(ALARM, "INSUFFICIENT_DATA", "a test is over")
        until("no alarm is firing", calm)

    def publish_by_hand(self) -> str:
        """A version of the API that no release made."""
        functions, name = self.client("lambda"), self.targets["function_name"]
        functions.update_function_configuration(FunctionName=name, Description=f"by hand {next(self.numbers)}")
        until_updated(functions, name)
        return str(functions.publish_version(FunctionName=name)["Version"])

    def move_alias(self, version: str, shares: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Move the API's alias by hand; returns it."""
        names = {"FunctionName": self.targets["function_name"], "Name": self.targets["alias"]}
        routing = {"AdditionalVersionWeights": dict(shares or {})}
        self.client("lambda").update_alias(**names, FunctionVersion=version, RoutingConfig=routing)
        return self.alias()

    def edit_routing(self, change: Callable[[bytes], bytes]) -> bytes:
        """Edit the site's routing function in the console without publishing it; returns what was there before."""
        cloudfront, name = self.client("cloudfront"), self.targets["routing_function"]
        now = cloudfront.get_function(Name=name, Stage="DEVELOPMENT")
        code = bytes(now["FunctionCode"].read())
        configuration = {"Comment": "by hand", "Runtime": "cloudfront-js-2.0"}
        cloudfront.update_function(
            Name=name, IfMatch=now["ETag"], FunctionConfig=configuration, FunctionCode=change(code)
        )
        return code

    @contextmanager
    def frozen_edge(self) -> Iterator[None]:
        """The app's edge does not answer during the block, so checks from outside wait."""
        edge = self.running.groups[1]
        os.killpg(edge, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(edge, signal.SIGCONT)
