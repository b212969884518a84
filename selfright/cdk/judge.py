"""How a canary is judged: the environment's `judge`, key by key."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from selfright.cdk import durations


@dataclass(frozen=True)
class Limits:
    """Limits that no release may exceed, however bad stable itself is.

    A limit is exceeded if both windows exceed it: the long one shows that it is not only a moment, the short one that
    it still continues.

    Args:
        error_rate: the share of requests, from 0 to 1, that may fail; None sets no limit.
        p99_ms: the duration in milliseconds that one request in a hundred may exceed; None sets no limit.
        minimum_successes: how many requests must succeed within the long window; 0 requires none.
        short: the short window, such as `1m`; at least one period.
        long: the long window, such as `5m`.
    """

    error_rate: float | None = None
    p99_ms: float | None = None
    minimum_successes: int = 0
    short: str = "1m"
    long: str = "5m"

    def __post_init__(self) -> None:
        """Refuse wrong durations."""
        durations.check("judge.limits.short", self.short)
        durations.check("judge.limits.long", self.long)


@dataclass(frozen=True)
class Synthetic:
    """Requests that the controller itself sends if visitors send too few.

    Args:
        requests: the most requests in a step; 0 sends none.
    """

    requests: int = 0


@dataclass(frozen=True)
class Judge:
    """How a canary is compared with the stable revision.

    Args:
        alpha: the probability, from 0 to 1, that the judge rolls a good release back, over all evaluations, components
            and steps of a deployment.
        evaluate_every: the time between two evaluations, such as `1m`.
        period: the resolution of the metrics. Lambda's are by the minute (`1m`); CloudWatch has 1, 5, 10, 20 and 30
            seconds and whole minutes.
        settle: how long after its end a period counts, because metrics arrive late; None waits as long as a period.
        minimum_requests: with fewer requests on the canary in a step, there is no verdict.
        when_inconclusive: what happens if there is no verdict in the end: `roll_back`, or `pause` until a person
            decides.
        tolerance: how much higher the canary's error rate may be, from 0 to 1, for an early promotion.
        promote_early: whether a bake ends as soon as the canary is certainly at most `tolerance` worse.
        limits: the limits that no release may exceed.
        synthetic: requests that the controller may send itself.
    """

    alpha: float = 0.05
    evaluate_every: str = "1m"
    period: str = "1m"
    settle: str | None = None
    minimum_requests: int = 20
    when_inconclusive: Literal["advance", "pause", "roll_back"] = "advance"
    tolerance: float = 0.01
    promote_early: bool = False
    limits: Limits = field(default_factory=Limits)
    synthetic: Synthetic = field(default_factory=Synthetic)

    def __post_init__(self) -> None:
        """Refuse wrong durations."""
        durations.check("judge.evaluate_every", self.evaluate_every)
        durations.check("judge.period", self.period)
        if self.settle is not None:
            durations.check("judge.settle", self.settle)

    def document(self) -> dict[str, Any]:
        """The `judge` of the environment's document, without keys that are None."""
        return asdict(self, dict_factory=lambda pairs: {name: value for name, value in pairs if value is not None})
