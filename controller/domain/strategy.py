"""How traffic moves: a strategy is a list of steps, each with a weight and a bake.

The names are CodeDeploy's, so that they mean the same as in SAM: `AllAtOnce`, `Canary10Percent5Minutes`,
`Linear10PercentEvery1Minute`, and the same patterns with any other figures.
"""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from controller.domain.deployment import Step
from controller.domain.durations import Between

ALL = 100
_CANARY = re.compile(r"Canary(\d{1,2})Percent(\d{1,4})Minutes?")
_LINEAR = re.compile(r"Linear(\d{1,2})PercentEvery(\d{1,4})Minutes?")


class StepSpec(BaseModel):
    """One step as it is written: `{weight: 10, bake: 5m}`, in percent and as a duration.

    `bake` is kept in seconds; without one, a step has no bake, and the last one the environment's `final_bake`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[int, Field(ge=1, le=ALL)]
    bake: Annotated[int, Between("0s", "1d")] | None = None


class HookFunctions(BaseModel):
    """Lambda functions that are called before and after traffic moves (SAM's keys)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pre_traffic: str | None = None
    post_traffic: str | None = None


class Preference(BaseModel):
    """SAM's `deployment_preference`: the strategy, the alarms that guard it, and its hooks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str | list[StepSpec] = "Canary10Percent5Minutes"
    alarms: list[str] = []
    hooks: HookFunctions = HookFunctions()

    @field_validator("type")
    @classmethod
    def _known(cls, value: str | list[StepSpec]) -> str | list[StepSpec]:
        if isinstance(value, str):
            _named_steps(value)
        return value

    @model_validator(mode="after")
    def _rising(self) -> "Preference":
        weights = [step.weight for step in self.type] if isinstance(self.type, list) else []
        if weights != sorted(set(weights)):
            msg = f"the weights of the steps must rise, got {weights}"
            raise ValueError(msg)
        return self


def steps_of(preference: Preference, final_bake: int, *, at_once: bool = False) -> tuple[Step, ...]:
    """The traffic steps of a deployment; the last has weight 100 and bakes for `final_bake`.

    A component that was never live has no visitors to protect and no stable to be compared with; a component whose
    visitors cannot be divided has no share for a canary. A deployment of only such components goes to 100 % in one step
    (`at_once`).
    """
    before = () if at_once else _steps_before_all(preference.type)
    own = next((spec.bake for spec in _listed(preference.type) if spec.weight == ALL), None)
    last = final_bake if own is None else own
    return (*before, Step(ALL, last))


def _listed(kind: str | list[StepSpec]) -> list[StepSpec]:
    return kind if isinstance(kind, list) else []


def _steps_before_all(kind: str | list[StepSpec]) -> tuple[Step, ...]:
    if isinstance(kind, str):
        return _named_steps(kind)
    return tuple(Step(spec.weight, spec.bake or 0) for spec in kind if spec.weight < ALL)


def _named_steps(name: str) -> tuple[Step, ...]:
    if name == "AllAtOnce":
        return ()
    if match := _CANARY.fullmatch(name):
        return (_step(match, name),)
    if match := _LINEAR.fullmatch(name):
        first = _step(match, name)
        return tuple(Step(weight, first.bake) for weight in range(first.weight, ALL, first.weight))
    msg = (
        f"unknown strategy '{name}': use AllAtOnce, Canary10Percent5Minutes, Linear10PercentEvery1Minute"
        " (with your own figures), or a list of {weight, bake}"
    )
    raise ValueError(msg)


def _step(match: re.Match[str], name: str) -> Step:
    weight, minutes = int(match[1]), int(match[2])
    if not weight or not minutes:
        msg = f"strategy '{name}': percent and minutes must be above zero"
        raise ValueError(msg)
    return Step(weight, minutes * 60)
