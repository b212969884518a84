"""The account's quotas that releases use up, and what is left of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.errors import SelfrightError
from selfright.components.examined import Examination, Finding, note, ok, problem
from selfright.wording import size

RAISE = "Have it raised in Service Quotas, or delete what is not needed any more."
NEW_ACCOUNT = 10
"""AWS gives new accounts so little concurrency."""
KEPT_FREE = 100
"""Concurrency that functions without a reservation should have left: the controller's own need some of it."""
ALMOST = 0.9
PARAMETERS = 10_000
"""Standard parameters of an account and region; the quota cannot be raised, only left for the advanced tier."""
EDGE_FUNCTIONS = 100
"""The default of CloudFront's functions per account."""
STACKS = 2000
"""The default of CloudFormation's stacks per account and region."""


@dataclass(frozen=True)
class AccountExaminer:
    """Counts, with the caller's permissions. `said` gets what is being counted, where that takes long.

    `quotas` is the client of Service Quotas.
    """

    clients: Clients
    quotas: Any
    said: Callable[[str], None]

    def examinations(self) -> list[Examination]:
        """One for each quota."""
        return [
            Examination("Lambda's concurrency", self._concurrency),
            Examination("Lambda's code storage", self._storage),
            Examination("SSM parameters", self._parameters),
            Examination("CloudFront functions", self._edge_functions),
            Examination("CloudFormation stacks", self._stacks),
        ]

    def _settings(self) -> Any:  # noqa: ANN401 - a document of AWS
        with calling("lambda:GetAccountSettings", "this account"):
            return self.clients.functions.get_account_settings()

    def _concurrency(self) -> Iterator[Finding]:
        limits = self._settings()["AccountLimit"]
        all_of_it, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
        found = f"{free:,} of {all_of_it:,} are not reserved"
        if all_of_it <= NEW_ACCOUNT:
            means = "That is a new account's: visitors, checks and the controller's functions throttle each other."
            yield note(f"only {all_of_it}", means, "Ask for 1,000 in Service Quotas: Lambda, Concurrent executions.")
        elif free < KEPT_FREE:
            means = "Functions without a reservation share that, the one that acts on alarms too."
            yield note(found, means, "Reserve less, have it raised, or set the controller's `alarm_reserve`.")
        else:
            yield ok(found)

    def _storage(self) -> Iterator[Finding]:
        settings = self._settings()
        used, all_of_it = settings["AccountUsage"]["TotalCodeSize"], settings["AccountLimit"]["TotalCodeSize"]
        means = "Every version of every function counts; a release that finds no room is rolled back."
        found = f"{size(used)} of {size(all_of_it)} are used"
        yield _left(
            found, used, all_of_it, means, "Delete old versions, keep fewer (`keep_revisions`), or have it raised."
        )

    def _parameters(self) -> Iterator[Finding]:
        self.said("counting SSM parameters")
        pages = self.clients.parameters.get_paginator("describe_parameters")
        with calling("ssm:DescribeParameters", "this account"):
            used = sum(len(page["Parameters"]) for page in pages.paginate(PaginationConfig={"PageSize": 50}))
        means = "Each release with settings writes a set of them, and each environment has its own."
        step = "Delete what is not needed any more; the advanced tier has room for 100,000, and costs money."
        yield _left(f"{used:,} of {PARAMETERS:,} standard ones", used, PARAMETERS, means, step)

    def _edge_functions(self) -> Iterator[Finding]:
        self.said("counting CloudFront functions")
        used, marker = 0, ""
        while True:
            with calling("cloudfront:ListFunctions", "this account"):
                more: dict[str, str] = {"Marker": marker} if marker else {}
                listed = self.clients.routing.list_functions(**more)["FunctionList"]  # type: ignore[arg-type]
            used += len({one["Name"] for one in listed.get("Items", [])})
            if not (marker := listed.get("NextMarker", "")):
                break
        most, assumed = self._quota("cloudfront", "functions per", EDGE_FUNCTIONS)
        means = "Each site has one; an application's stack with a new site would fail."
        yield _left(f"{used:,} of {most:,}{assumed}", used, most, means, RAISE)

    def _stacks(self) -> Iterator[Finding]:
        self.said("counting CloudFormation stacks")
        pages = self.clients.stacks.get_paginator("describe_stacks")
        with calling("cloudformation:DescribeStacks", "this account"):
            used = sum(len(page["Stacks"]) for page in pages.paginate())
        most, assumed = self._quota("cloudformation", "stack count", STACKS)
        means = "A release that brings a new stack would be rolled back."
        yield _left(f"{used:,} of {most:,}{assumed}", used, most, means, RAISE)

    def _quota(self, service: str, name: str, default: int) -> tuple[int, str]:
        """The quota whose name contains `name`; if Service Quotas does not say, AWS's default, and a word on that."""
        try:
            with calling("servicequotas:ListServiceQuotas", service):
                pages = self.quotas.get_paginator("list_service_quotas").paginate(ServiceCode=service)
                found = [one for page in pages for one in page["Quotas"] if name in one["QuotaName"].lower()]
        except SelfrightError:
            found = []
        return (int(found[0]["Value"]), "") if found else (default, " (AWS's default)")


def _left(found: str, used: int, most: int, means: str, step: str) -> Finding:
    if used >= most:
        return problem(found, means, step)
    return note(found, means, step) if used >= ALMOST * most else ok(found)
