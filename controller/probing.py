"""Checks from outside, as a visitor makes them: for the flow, and for a person who recovers what was live."""

from collections.abc import Sequence

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import OutsideCheck
from controller.domain.environment import Environment
from controller.ports.signals import Probe

TRIES = 3


def probe_all(
    probe: Probe, environment: Environment, checks: Sequence[OutsideCheck], others: Sequence[OutsideCheck] = ()
) -> list[CheckResult]:
    """Make the checks of every component that can be reached from outside.

    A check has failed when it failed three times in a row. An answer that passes one of `others` with the same request
    is correct, too.
    """
    targets = environment.components
    reachable = [(check, targets[check.component].url) for check in checks if check.component in targets]
    private = environment.allow_private_urls
    return [_ask(probe, url, check, others, private=private) for check, url in reachable if url]


def _ask(probe: Probe, url: str, check: OutsideCheck, others: Sequence[OutsideCheck], *, private: bool) -> CheckResult:
    as_good = [other for other in others if other.request == check.request]
    result = probe.run(url, check, as_good, private=private)
    for _ in range(TRIES - 1):
        if result.passed:
            break
        result = probe.run(url, check, as_good, private=private)
    return result
