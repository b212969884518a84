"""Synthetic requests, when visitors send too few to judge by: those of the release's checks, made from outside.

They take the visitors' path, so they are divided as the visitors' are, and CloudWatch counts them for both sides.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from controller.domain.checks.verification import outside_checks_of
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.flow.shared.evidence import compared
from controller.ports.world import World

AT_ONCE = 8
SECONDS = 30
"""An evaluation has a minute in all, so sending ends after this time."""


def send(world: World, environment: Environment, deployment: Deployment) -> int:
    """Send the requests that the environment allows; returns how many were sent, 0 when there are none to send.

    The answers do not matter here: the metrics count them.
    """
    urls = {name: environment.components[name].url for name in compared(environment, deployment)}
    checks = [(url, one) for one in outside_checks_of(deployment) if (url := urls.get(one.component))]
    began, private = world.clock.now(), environment.allow_private_urls

    def ask(number: int) -> int:
        url, check = todo[number]
        if (world.clock.now() - began).total_seconds() > SECONDS:
            return 0
        world.probe.run(url, check, private=private)
        return 1

    todo = list(islice(cycle(checks), environment.judge.synthetic.requests))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return sum(pool.map(ask, range(len(todo))))
