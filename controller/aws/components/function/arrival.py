"""Whether a function's visitors are served by a change of its alias: calls through the alias show it.

Several hosts route an alias's calls, and each learns of a change at its own time. So several calls in a row must run on
the version that all visitors get now. While two versions serve, a call that runs on either of them proves nothing: then
the alias itself is believed. Functions without a check that only reads are not called, because calling them would do
something; nor are those whose events are not known, because they might fail.
"""

from collections.abc import Callable, Sequence

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.invoking.events import FunctionGateway
from controller.domain.checks.check import Check
from controller.domain.checks.verification import AnyCheck
from controller.errors import NotFoundError

IN_A_ROW = 3
READS = {"GET", "HEAD"}


def missing_in_calls(
    clients: Clients,
    qualified: str,
    version: str,
    checks: Sequence[AnyCheck],
    gateway: Callable[[], FunctionGateway] = FunctionGateway,
) -> str:
    """What calls through the alias (`function:alias`) show instead of this version; "" when all run on it.

    `checks` are the component's own; the first one that only reads is made, and its answer does not matter.
    `gateway` gives what stands in front of the function.
    """
    harmless = next((one for one in checks if isinstance(one, Check) and one.method in READS), None)
    if harmless is None:
        return ""
    known = gateway()
    if known.why_unknown(harmless):
        return ""
    event = known.event(harmless)
    for _ in range(IN_A_ROW):
        try:
            with calling("lambda:InvokeFunction", qualified):
                answer = clients.invoker.invoke(FunctionName=qualified, Payload=event)
                answer["Payload"].read()
        except NotFoundError:
            return f"calls of {qualified} still lead to a version that does not exist any more"
        if (ran := answer.get("ExecutedVersion", version)) != version:
            return f"calls of {qualified} still run version {ran} instead of {version}"
    return ""
