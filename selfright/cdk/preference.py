"""The environment's `deployment_preference`: how traffic moves and what guards it, with the keys of SAM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from selfright.cdk import durations


class Step(TypedDict):
    """One traffic step of a custom strategy: `{"weight": 5, "bake": "10m"}`.

    Args:
        weight: the share of visitors on the canary, in percent (1 to 100); it must increase from step to step.
        bake: how long the step bakes before the next one, at most `1d`; without it, the step does not bake.
    """

    weight: int
    bake: NotRequired[str]


@dataclass(frozen=True)
class Hooks:
    """Lambda functions of the application that decide whether a deployment may continue.

    Args:
        pre_traffic: is called when the release is staged and tested, before any visitor gets it.
        post_traffic: is called when all visitors are on the release, before the final bake.
    """

    pre_traffic: lambda_.IFunction | None = None
    post_traffic: lambda_.IFunction | None = None

    @property
    def given(self) -> Mapping[str, lambda_.IFunction]:
        """The hooks that are set, by their keys."""
        both = {"pre_traffic": self.pre_traffic, "post_traffic": self.post_traffic}
        return {name: hook for name, hook in both.items() if hook}


@dataclass(frozen=True)
class DeploymentPreference:
    """How traffic moves to a release, and what guards it meanwhile.

    Args:
        type: a strategy's name (`AllAtOnce`, `Canary10Percent5Minutes`, `Linear10PercentEvery1Minute`, or other numbers
            in these patterns), or a list of steps such as `[{"weight": 5, "bake": "10m"}]`.
        alarms: metric or composite alarms; if one of them fires during a deployment, it is rolled back. They need
            the environment's `topic`.
        hooks: functions that are called before and after traffic moves.
    """

    type: str | Sequence[Step] = "Canary10Percent5Minutes"
    alarms: Sequence[cloudwatch.AlarmBase] = ()
    hooks: Hooks = field(default_factory=Hooks)

    def __post_init__(self) -> None:
        """Refuse wrong durations of bakes."""
        for number, step in enumerate([] if isinstance(self.type, str) else self.type):
            if "bake" in step:
                durations.check(f"deployment_preference.type[{number}].bake", step["bake"])

    def document(self) -> dict[str, Any]:
        """The `deployment_preference` of the environment's document."""
        return {
            "type": self.type if isinstance(self.type, str) else [dict(step) for step in self.type],
            "alarms": [alarm.alarm_name for alarm in self.alarms],
            "hooks": {name: hook.function_name for name, hook in self.hooks.given.items()},
        }
