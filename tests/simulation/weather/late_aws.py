"""Everything of AWS that is late, put around an account in which everything happens at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from selfright.weather import Climate, Weather
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.cloudwatch import CloudWatch
from tests.simulation.aws.lambdas import Lambda
from tests.simulation.aws.s3 import S3
from tests.simulation.calls.gateway import Gateway
from tests.simulation.engine.scheduler import START, Scheduler
from tests.simulation.visitors import ALIAS, FUNCTION, ROUTING, Visitors
from tests.simulation.weather.alarms import Evaluations
from tests.simulation.weather.edges import Edges
from tests.simulation.weather.front_ends import FrontEnds
from tests.simulation.weather.minutes import MINUTE, Minutes
from tests.simulation.weather.requests import Requests
from tests.simulation.weather.web import GATEWAY, LAMBDA, OF_API, THROUGH_ALIAS, Web

DISTRIBUTION = "E2SHOP"
STALE = frozenset(
    {
        ("cloudfront", "get_function"),
        ("cloudfront", "describe_function"),
        ("dynamodb", "query"),
        ("lambda", "get_alias"),
        ("lambda", "get_function"),
        ("lambda", "get_function_configuration"),
        ("ssm", "get_parameter"),
        ("ssm", "get_parameter_history"),
        ("ssm", "get_parameters"),
        ("ssm", "get_parameters_by_path"),
    }
)
"""Reads that may be behind; of DynamoDB's only those that do not ask to be consistent."""
BLUNT, SENSITIVE = "shop-errors", "shop-answers"
ALARMS: Mapping[str, Mapping[str, Any]] = {
    BLUNT: {"Namespace": LAMBDA, "MetricName": "Errors", "Dimensions": THROUGH_ALIAS, "Threshold": 20.0},
    SENSITIVE: {"Namespace": GATEWAY, "MetricName": "5xx", "Dimensions": OF_API, "Threshold": 4.0},
}
"""Alarms of a minute each: on many failed invocations, and on a few answers, which the judge does not see."""


@dataclass(frozen=True)
class Account:
    """What the weather is put around."""

    scheduler: Scheduler
    gateway: Gateway
    lambdas: Lambda
    routing: CloudFront
    objects: S3
    alarms: CloudWatch
    visitors: Visitors
    site: str
    """The site's bucket."""


class LateAws:
    """The weather of one run, from the moment in which this is made. It has its own chance, by the run's seed."""

    def __init__(  # noqa: PLR0913 - whose account, how late, and what it asks for
        self,
        account: Account,
        climate: Climate,
        seed: int | str,
        *,
        on_alarm: Callable[[Mapping[str, Any], float], object],
        is_quiet: Callable[[], bool],
        has_released: Callable[[], bool],
    ) -> None:
        """`on_alarm` gets events of alarms, and the seconds until each arrives; for the others see `Requests`."""
        chance = Random(f"{climate} {seed}")
        self.weather = weather = Weather(climate, chance.getrandbits(32))
        scheduler, lambdas, routing = account.scheduler, account.lambdas, account.routing
        self.minutes = Minutes(self._now_of(scheduler), START, weather, chance.random)
        self.edges = Edges(
            self._now_of(scheduler), weather, routing, account.objects,
            function=ROUTING, bucket=account.site,
        )  # fmt: skip
        self.front_ends = FrontEnds(self._now_of(scheduler), weather, chance, lambdas, FUNCTION, ALIAS)
        self.web = Web(account.visitors, self.edges, self.front_ends, self.minutes, chance, self._now_of(scheduler))
        self.requests = Requests(scheduler, self.web, is_quiet=is_quiet, has_released=has_released)
        lambdas.time_of_update = lambda: weather.late("function_updated")
        lambdas.updates_may_be_unseen = True
        account.gateway.behind = self._behind
        account.alarms.measured = self.minutes.seen
        evaluations = Evaluations(scheduler, weather, account.alarms, on_alarm)
        for name, about in ALARMS.items():
            dimensions = [{"Name": key, "Value": value} for key, value in sorted(about["Dimensions"])]
            evaluations.watch(
                name, **{**about, "Dimensions": dimensions}, Statistic="Sum", Period=MINUTE, EvaluationPeriods=1
            )

    def arrived(self, until: float) -> float:
        """When all that was written until then had arrived everywhere."""
        return max(self.edges.arrivals.arrived(until), self.front_ends.arrivals.arrived(until))

    def _behind(self, service: str, operation: str) -> float:
        return self.weather.late("read_is_stale") if (service, operation) in STALE else 0.0

    @staticmethod
    def _now_of(scheduler: Scheduler) -> Callable[[], float]:
        """The run's seconds, without the tick that reading the clock takes."""
        return lambda: scheduler.seconds
