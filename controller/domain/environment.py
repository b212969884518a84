"""An environment's configuration: where an application runs, and how carefully it is changed.

CDK writes it into the SSM parameter `/selfright/<application>/<environment>`. Keys that SAM has too keep SAM's names
(`deployment_preference: {type, alarms, hooks}`).
"""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SerializeAsAny,
    field_validator,
    model_validator,
)

from controller.domain.components.registry import one_of
from controller.domain.components.target import Target
from controller.domain.durations import Between
from controller.domain.judging.measurement import PATIENCE
from controller.domain.names import Name
from controller.domain.strategy import Preference, steps_of

MINUTE, DAY = 60, 24 * 3600
LATE_METRICS = 180
"""Seconds after which a minute of Lambda's metrics does not grow any more."""
FINE_PERIODS = {1, 5, 10, 20, 30}
"""Besides whole minutes, CloudWatch has periods of these seconds."""
LONGEST = 13 * DAY
"""The workflow itself ends after 14 days."""
SecretId = Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@:-]{1,2048}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _target(value: object) -> Target:
    return one_of(value, Target, lambda kind: kind.target)


AnyTarget = Annotated[SerializeAsAny[Target], PlainValidator(_target)]
"""A target; its `kind` says of which class."""


class Limits(_Strict):
    """What no release may exceed, however bad stable itself is. A limit that is not set does not apply.

    A limit is exceeded when both windows, `short` and `long`, exceed it: the long one shows that the problem lasts, the
    short one that it has not ended yet. `error_rate` is a share (0 to 1) of the requests, `p99_ms` the duration that
    one request in a hundred may exceed, `minimum_successes` the number of requests that must succeed within the long
    window.
    """

    error_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    p99_ms: Annotated[float, Field(gt=0)] | None = None
    minimum_successes: Annotated[int, Field(ge=0)] = 0
    short: Annotated[int, Between("1s", "1h")] = 60
    long: Annotated[int, Between("1s", "6h")] = 300

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return bool(self.error_rate or self.p99_ms or self.minimum_successes)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.short > self.long:
            raise ValueError("short must not be longer than long")
        return self


class Synthetic(_Strict):
    """Requests that Selfright may send when visitors send too few: at most `requests` in a step; 0 sends none."""

    requests: Annotated[int, Field(ge=0, le=2000)] = 0


class JudgePolicy(_Strict):
    """How the canary is judged.

    `alpha` is the chance (0 to 1) that the judge rolls back a good release, for all evaluations, components and steps
    together. `evaluate_every` is the time between two evaluations; `period` is the metrics' resolution (CloudWatch's
    Lambda metrics: `1m`). A period counts `settle` after its end (default: three minutes). With fewer than
    `minimum_requests` on the canary in a step there is no verdict, and `when_inconclusive` says what follows.
    `promote_early` ends a bake as soon as the canary is certainly at most `tolerance` (a difference of error rates, 0
    to 1) worse than stable.
    """

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    evaluate_every: Annotated[int, Between("1s", "1h")] = 60
    period: Annotated[int, Between("1s", "1h")] = 60
    settle: Annotated[int, Between("0s", "1h")] | None = None
    minimum_requests: Annotated[int, Field(ge=0)] = 20
    when_inconclusive: Literal["advance", "pause", "roll_back"] = "advance"
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.01
    promote_early: bool = False
    limits: Limits = Limits()
    synthetic: Synthetic = Synthetic()

    @field_validator("period")
    @classmethod
    def _known_to_cloudwatch(cls, value: int) -> int:
        if value % MINUTE and value not in FINE_PERIODS:
            raise ValueError("must be 1s, 5s, 10s, 20s, 30s or whole minutes: CloudWatch has no other periods")
        return value

    @property
    def settled_seconds(self) -> int:
        """The seconds from the end of a period until it counts.

        CloudWatch shows a minute of Lambda's metrics one to three minutes after its end, and its sums may grow until
        then. Periods below a minute are not Lambda's own.
        """
        if self.settle is not None:
            return self.settle
        return self.period if self.period < MINUTE else max(self.period, LATE_METRICS)

    @property
    def longest_wait(self) -> int:
        """The seconds after the end of a period until a version counts as silent that has reported nothing."""
        return PATIENCE * max(self.period, self.settled_seconds)


class Environment(_Strict):
    """One environment of one application.

    `allow_private_urls`: checks may send requests to addresses that are not public. `hook_timeout`: the time in which a
    hook must answer, and for which one that says *not now* is asked again. `restore_point_export`: when the live
    configuration cannot be exported, a deployment is refused (`required`) or continues (`attempted`); with `off` it
    exports nothing. What was staged for a release that was rolled back is kept for `discard_after`, because visitors
    may still be led to it.
    """

    application: Name
    environment: Name
    components: Annotated[dict[Name, AnyTarget], Field(min_length=1)]
    secrets: dict[Name, SecretId] = {}
    deployment_preference: Preference = Preference()
    final_bake: Annotated[int, Between("0s", "7d")] = 300
    hook_timeout: Annotated[int, Between("10s", "7d")] = 300
    judge: JudgePolicy = JudgePolicy()
    keep_revisions: Annotated[int, Field(ge=2, le=50)] = 5
    discard_after: Annotated[int, Between("0s", "7d")] = 3600
    allow_private_urls: bool = False
    restore_point_export: Literal["required", "attempted", "off"] = "required"

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        *before, last = steps_of(self.deployment_preference, self.final_bake)
        hooks = self.deployment_preference.hooks
        asking = self.hook_timeout * sum(bool(hook) for hook in (hooks.pre_traffic, hooks.post_traffic))
        longest = sum(2 * step.bake for step in before) + last.bake + asking
        if longest > LONGEST:
            raise ValueError(
                f"the bakes of its {len(before) + 1} steps, each extended once, and its hooks take"
                f" {longest // DAY} days; a deployment may take {LONGEST // DAY}: use fewer steps, shorter bakes or a"
                " shorter hook_timeout"
            )
        return self

    @property
    def outside_bundles(self) -> dict[str, Target]:
        """The components that are in no bundle, by name: a database, of which a release only takes a snapshot."""
        return {name: one for name, one in self.components.items() if not one.in_bundles}

    def moves_unconditionally(self, names: Iterable[str]) -> bool:
        """Whether it has any of these components of a kind whose traffic cannot be moved conditionally."""
        return any(not self.components[name].conditional_writes for name in names if name in self.components)

    @property
    def key(self) -> str:
        """`application/environment`."""
        return f"{self.application}/{self.environment}"
