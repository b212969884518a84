"""What tests of examinations share: functions and a distribution in memory, and what was found."""
# ruff: noqa: D102, N803 - the methods, names and documents are AWS's

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from controller.aws.client.clients import Clients
from controller.domain.components.site.routing import RoutingTable
from controller.domain.components.target import Target
from controller.domain.environment import Environment
from selfright.components.examined import Examination, Examining, Finding, ok
from selfright.components.registry import kind_of
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import FakeLambda, refuse

NOW = datetime(2026, 1, 2, 10, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/api"
DENIED = refuse("AccessDeniedException", 403, message="User: somebody is not authorized")


class ExaminedLambda(FakeLambda):
    """One function, by whatever name it is asked for; `denied` operations are not allowed, `missing` ones not found."""

    def __init__(self) -> None:
        self.reserved: int | None = 5
        self.denied: set[str] = set()
        self.missing: set[str] = set()
        super().__init__()
        concurrency = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        self.limits = {**concurrency, "TotalCodeSize": 75 * 1024**3}
        self.used = {"TotalCodeSize": 1024**3, "FunctionCount": 3}
        for one in (self.latest, *self.versions.values()):
            one |= {"Role": ROLE, "DeadLetterConfig": {}}

    def get_function_configuration(self, *, FunctionName: str, Qualifier: str = "$LATEST") -> dict[str, Any]:
        if FunctionName in self.missing:
            raise refuse("ResourceNotFoundException", 404)
        return super().get_function_configuration(FunctionName=FunctionName, Qualifier=Qualifier)

    def get_function_concurrency(self, *, FunctionName: str) -> dict[str, Any]:
        self._enter("get_function_concurrency")
        return {} if self.reserved is None else {"ReservedConcurrentExecutions": self.reserved}

    def get_account_settings(self) -> dict[str, Any]:
        self._enter("get_account_settings")
        return {"AccountLimit": self.limits, "AccountUsage": self.used}

    def _enter(self, operation: str) -> None:
        if operation in self.denied:
            raise DENIED
        super()._enter(operation)


class ExaminedCloudFront(FakeCloudFront):
    """A distribution with the routing function `routing` before the bucket `some-bucket`; `functions` counts others."""

    def __init__(self, table: RoutingTable) -> None:
        super().__init__(table)
        self.functions = 1
        arn = "arn:aws:cloudfront::123456789012:function/routing"
        events = ("viewer-request", "viewer-response")
        self.association: list[dict[str, str]] = [{"EventType": event, "FunctionARN": arn} for event in events]
        self.settings: dict[str, Any] = {
            "Enabled": True,
            "Origins": {"Items": [{"DomainName": "some-bucket.s3.eu-central-1.amazonaws.com"}]},
            "OriginGroups": {"Items": [{"Id": "group"}]},
            "ViewerCertificate": {},
        }

    def get_distribution(self, *, Id: str) -> dict[str, Any]:
        behaviour = {"TargetOriginId": "group", "FunctionAssociations": {"Items": self.association}}
        settings = {**self.settings, "DefaultCacheBehavior": behaviour}
        return {"Distribution": {"Id": Id, "Status": self.status, "DistributionConfig": settings}}

    def list_functions(self, Marker: str = "") -> dict[str, Any]:
        """Two pages, and every function in both of its stages."""
        half = self.functions // 2
        numbers = range(half, self.functions) if Marker else range(half)
        items = [{"Name": f"function-{number}"} for number in numbers for _ in ("LIVE", "DEVELOPMENT")]
        return {"FunctionList": {"Items": items, **({} if Marker else {"NextMarker": "more"})}}


class FakeQuotas:
    """Service Quotas that knows only what is in `quotas`: a service's name → its quotas."""

    def __init__(self, **quotas: dict[str, float]) -> None:
        self.quotas = quotas

    def get_paginator(self, operation: str) -> "FakeQuotas":
        assert operation == "list_service_quotas"
        return self

    def paginate(self, *, ServiceCode: str) -> list[dict[str, Any]]:
        known = self.quotas.get(ServiceCode, {})
        return [{"Quotas": [{"QuotaName": name, "Value": value} for name, value in known.items()]}]


def examined(
    target: dict[str, Any],
    clients: Clients,
    subject: str,
    *,
    divides: bool = True,
    role: Iterable[Finding] = (ok("there"),),
) -> Sequence[Finding]:
    """What a kind finds about the one subject whose name begins with `subject`."""
    document = {"application": "smartpack", "environment": "prod", "components": {"it": target}}
    environment = Environment.model_validate(document)
    component: Target = environment.components["it"]
    examining = Examining(clients, environment, "it", NOW, divides, lambda _: role)
    return found_in(kind_of(component.kind).examine(examining, component), subject)


def found_in(examinations: Iterable[Examination], subject: str) -> Sequence[Finding]:
    """The findings about the one subject whose name begins with `subject`."""
    (one,) = [examination for examination in examinations if examination.subject.startswith(subject)]
    return list(one.look())


def severities(found: Iterable[Finding]) -> list[str]:
    """How severe they are."""
    return [one.severity for one in found]
