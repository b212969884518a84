"""Tests one version of a function directly, before any visitor gets it."""

from collections.abc import Callable, Sequence
from functools import cached_property

from controller.aws.client.calls import STILL_RUNNING, calling
from controller.aws.client.clients import INVOKE_SECONDS, Clients
from controller.aws.components.function.invoking.direct_calls import answer_in, why_not_taken
from controller.aws.components.function.invoking.events import FunctionGateway
from controller.aws.components.function.invoking.load_runs import LoadRun
from controller.aws.components.function.invoking.messages import message_of
from controller.clock import monotonic
from controller.domain.checks import json_paths
from controller.domain.checks.check import Answer, Check, CheckResult, check_answer, is_too_slow
from controller.domain.checks.event_check import EventCheck
from controller.domain.checks.load_check import LoadCheck, check_load
from controller.domain.checks.requests import Request
from controller.domain.checks.verification import AnyCheck
from controller.domain.printable import sentences
from controller.errors import AwsError, NoAnswerError, TransientError
from controller.seen_again import seen_again


class FunctionTests:
    """Invokes exactly one version, to which the alias does not point yet."""

    def __init__(
        self,
        clients: Clients,
        function: str,
        version: str,
        clock: Callable[[], float] = monotonic,
        gateway: Callable[[], FunctionGateway] = FunctionGateway,
    ) -> None:
        """`clock` gives seconds; `gateway` gives what stands in front of the function, once."""
        self._clients, self._clock, self._find_gateway = clients, clock, gateway
        self._qualified = f"{function}:{version}"

    def run(self, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Make the checks one after the other, requests and events, then the loads, but only if all others passed."""
        results = [self._make(check) for check in checks if isinstance(check, Check)]
        results += [self._send(check) for check in checks if isinstance(check, EventCheck)]
        if all(result.passed for result in results):
            results += [self._load(check) for check in checks if isinstance(check, LoadCheck)]
        return results

    @cached_property
    def _gateway(self) -> FunctionGateway:
        return self._find_gateway()

    def _make(self, check: Check) -> CheckResult:
        try:
            answer = self._ask(check)
            if is_too_slow(check, answer):
                answer = self._ask(
                    check
                )  # The first call may have started an instance, which few visitors have to wait for.
        except NoAnswerError as error:
            return self._believed(check, CheckResult(check.name, False, str(error)))
        return self._believed(check, check_answer(check, answer))

    def _believed(self, check: Request, result: CheckResult) -> CheckResult:
        """The result; raises `AwsError` for a failure of an event that visitors' requests may never make."""
        if result.passed or not (why := self._gateway.why_unknown(check)):
            return result
        nothing = f"That says nothing, because the routes of its API are not known: {why}"
        raise AwsError(sentences(f"{result.check}: {result.detail}", nothing, "Or name the check's `route`."))

    def _send(self, check: EventCheck) -> CheckResult:
        """Send an event; it fails as it would for its sender, who would send it again.

        Raises `AwsError` when it has not ended in time: that says nothing, and it is not to be sent once more.
        """
        try:
            payload, error = seen_again(lambda: self._sent(message_of(check)))
        except TransientError as late:
            if late.code != STILL_RUNNING:
                raise
            reason = f"{check.name}: the function has not ended within {INVOKE_SECONDS} seconds, so nothing is known"
            raise AwsError(f"{reason}. Check it with a payload that takes less time.", code=late.code) from late
        trouble = why_not_taken(payload, error)
        if not trouble and check.values:
            trouble = json_paths.trouble(check.values, payload)
        return CheckResult(check.name, not trouble, trouble or "it was taken")

    def _sent(self, event: bytes) -> tuple[bytes, str | None]:
        with calling("lambda:InvokeFunction", self._qualified):
            answer = self._clients.invoker.invoke(FunctionName=self._qualified, Payload=event)
            return answer["Payload"].read(), answer.get("FunctionError")

    def _load(self, check: LoadCheck) -> CheckResult:
        run = LoadRun(check, lambda: self._wrong(check), self._clock).run()
        return self._believed(check, check_load(check, run))

    def _wrong(self, check: LoadCheck) -> str:
        status = self._ask(check).status
        return "" if status == check.status else f"expected status {check.status}, got {status}"

    def _ask(self, request: Request) -> Answer:
        """Invoke the version; one that was just published may not be known everywhere, and is then not invoked."""
        return seen_again(lambda: self._invoke(request))

    def _invoke(self, request: Request) -> Answer:
        started = self._clock()
        payload, error = self._sent(self._gateway.event(request))
        bare = self._gateway.takes_bare_results(request)
        return answer_in(payload, error, (self._clock() - started) * 1000, bare=bare)
