"""The quotas that decide how fast and how much may be released here."""

from collections.abc import Iterator

from selfright.proving.fact import NOTHING, Fact, reason
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene

WANTED = {
    "lambda": ("concurrent executions", "control plane", "getfunction", "function and layer storage"),
    "cloudformation": ("stack count",),
    "cloudfront": ("functions per", "distributions per"),
    "ssm": ("parameters", "throughput"),
    "sns": ("publish",),
}
"""Service → words of the quotas' names."""


def measure(scene: Scene) -> Iterator[Finding]:
    """Lambda's own account settings, then what Service Quotas says of each service."""
    limits = scene.client("lambda").get_account_settings()["AccountLimit"]
    concurrency, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    yield Measured("Lambda's concurrency", f"{concurrency}, of which {free} are not reserved")
    for service, words in WANTED.items():
        try:
            yield from _quotas(scene, service, words)
        except Exception as error:  # noqa: BLE001 - the next service may answer
            yield NotMeasured(f"quotas of {service}", reason(error))


def _quotas(scene: Scene, service: str, words: tuple[str, ...]) -> Iterator[Finding]:
    pages = scene.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service)
    for quota in (one for page in pages for one in page["Quotas"]):
        if any(word in quota["QuotaName"].lower() for word in words):
            unit = f" {quota['Unit']}" if quota.get("Unit", "None") != "None" else ""
            yield Measured(f"{service}: {quota['QuotaName']}", f"{quota['Value']:g}{unit}")


FACT = Fact(
    "quotas",
    NOTHING,
    "Which quotas bound releases here?",
    "`GetAccountSettings` of Lambda, and Service Quotas for each service that a release uses.",
    measure,
)
