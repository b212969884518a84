"""Checks from outside, as a visitor makes them: for the flow, and for a person who recovers what was live."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from controller.clock import monotonic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import OutsideCheck
from controller.domain.environment import Environment
from controller.ports.signals import Probe

TRIES = 3
EACH = 3
"""So many checks are made one after the other; more are made at the same time."""
AT_ONCE = 16
SECONDS = 100
"""After this time, no further request is made: a site that hangs must not keep its verification from answering."""


def probe_all(
    probe: Probe, environment: Environment, checks: Sequence[OutsideCheck], others: Sequence[OutsideCheck] = ()
) -> list[CheckResult]:
    """Make the checks of every component that can be reached from outside.

    A check has failed when it failed three times in a row, or could not be made in time. An answer that passes one of
    `others` with the same request is correct, too.
    """
    targets = environment.components
    reachable = [(check, targets[check.component].url) for check in checks if check.component in targets]
    wanted = [(url, check) for check, url in reachable if url]
    ask = partial(_ask, probe, others, monotonic() + SECONDS, private=environment.allow_private_urls)
    with ThreadPoolExecutor(min(AT_ONCE, 1 + len(wanted) // EACH)) as pool:
        return list(pool.map(lambda one: ask(*one), wanted))


def _ask(  # noqa: PLR0913 - what to ask, and how
    probe: Probe, others: Sequence[OutsideCheck], until: float, url: str, check: OutsideCheck, *, private: bool
) -> CheckResult:
    as_good = [other for other in others if other.request == check.request]
    result = CheckResult(check.name, passed=False, detail="it could not be made in time", unknown=True)
    for _ in range(TRIES):
        if monotonic() > until:
            break
        found = probe.run(url, check, as_good, private=private)
        result = found if result.unknown or not found.unknown else result  # An answer says more than none.
        if result.passed:
            break
    return result
