"""Tests one version of a function directly, before any visitor gets it."""

from collections.abc import Callable, Sequence

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.invoking.direct_calls import answer_in, event_of
from controller.aws.components.function.invoking.load_runs import LoadRun
from controller.clock import monotonic
from controller.domain.checks.check import Answer, Check, CheckResult, check_answer, is_too_slow
from controller.domain.checks.load_check import LoadCheck, check_load
from controller.domain.checks.requests import Request
from controller.domain.checks.verification import AnyCheck
from controller.errors import NoAnswerError
from controller.seen_again import seen_again


class FunctionTests:
    """Invokes exactly one version, to which the alias does not point yet."""

    def __init__(
        self,
        clients: Clients,
        function: str,
        version: str,
        clock: Callable[[], float] = monotonic,
        *,
        bare: bool = True,
    ) -> None:
        """`clock` gives seconds; `bare`: visitors come by what takes a result without `statusCode` as a body."""
        self._clients, self._clock, self._bare = clients, clock, bare
        self._qualified = f"{function}:{version}"

    def run(self, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Make the HTTP checks one after the other, then the load checks, but only if all HTTP checks passed."""
        results = [self._make(check) for check in checks if isinstance(check, Check)]
        if all(result.passed for result in results):
            results += [self._load(check) for check in checks if isinstance(check, LoadCheck)]
        return results

    def _make(self, check: Check) -> CheckResult:
        try:
            answer = self._ask(check)
            if is_too_slow(check, answer):
                answer = self._ask(
                    check
                )  # The first call may have started an instance, which few visitors have to wait for.
        except NoAnswerError as error:
            return CheckResult(check.name, False, str(error))
        return check_answer(check, answer)

    def _load(self, check: LoadCheck) -> CheckResult:
        return check_load(check, LoadRun(check, lambda: self._wrong(check), self._clock).run())

    def _wrong(self, check: LoadCheck) -> str:
        status = self._ask(check).status
        return "" if status == check.status else f"expected status {check.status}, got {status}"

    def _ask(self, request: Request) -> Answer:
        """Invoke the version; one that was just published may not be known everywhere, and is then not invoked."""
        return seen_again(lambda: self._invoke(request))

    def _invoke(self, request: Request) -> Answer:
        started = self._clock()
        with calling("lambda:InvokeFunction", self._qualified):
            answer = self._clients.invoker.invoke(FunctionName=self._qualified, Payload=event_of(request))
            payload = answer["Payload"].read()
        return answer_in(payload, answer.get("FunctionError"), (self._clock() - started) * 1000, bare=self._bare)
