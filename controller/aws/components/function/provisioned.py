"""Provisioned concurrency: instances of a version that AWS keeps warm and charges for, whether or not they are called.

They belong to a version, not to the alias: so canary and stable both have warm instances while visitors are divided,
and a rollback meets warm instances, too. The new version gets them before it gets visitors. A version that no alias
uses loses them (`prune`, `discard`), so that two sets are paid for only while a deployment lasts.
"""

from collections.abc import Collection
from contextlib import suppress

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.deployment import Pending
from controller.errors import AwsError, NotFoundError
from controller.seen_again import seen_again

PATIENCE = 15 * 60
"""Seconds until the deployment gives up waiting. AWS takes some minutes."""


class Provisioned:
    """The provisioned concurrency of one function's versions."""

    def __init__(self, clients: Clients, function_name: str) -> None:
        self._clients, self._function = clients, function_name

    def ensure(self, version: str, wanted: int, *, live: bool = False) -> Pending | None:
        """Give a version this many warm instances; `Pending` while AWS makes them.

        Raises `AwsError` when AWS cannot: then a new version has none, and costs nothing; a version that is `live`
        keeps the instances that it has.
        """
        requested, status, why = self._state(version)
        if requested != wanted:
            requested, status, why = seen_again(lambda: self._put(version, wanted))  # It may have just been published.
        if status == "FAILED":
            self._settle_for(version, self._allocated(version) if live else 0)
            reason = f"{self._function}:{version} did not get {wanted} warm instances: {why or 'AWS gives no reason.'}"
            advice = "Lower `provisioned_concurrency` in the environment, or raise the account's concurrency quota."
            raise AwsError(f"{reason} {advice}", code="ProvisionedConcurrencyFailed")
        if status == "READY":
            return None
        return Pending(f"AWS makes {wanted} warm instances of version {version}", PATIENCE)

    def _settle_for(self, version: str, allocated: int) -> None:
        """Request no more than was allocated: AWS then stops trying for what it cannot give."""
        if allocated:
            self._put(version, allocated)
        else:
            self.remove(version)

    def _allocated(self, version: str) -> int:
        with calling("lambda:GetProvisionedConcurrencyConfig", self._name(version)):
            found = self._clients.functions.get_provisioned_concurrency_config(
                FunctionName=self._function, Qualifier=version
            )
        return found.get("AllocatedProvisionedConcurrentExecutions", 0)

    def remove(self, version: str) -> None:
        """Remove a version's warm instances; harmless when it has none."""
        with suppress(NotFoundError), calling("lambda:DeleteProvisionedConcurrencyConfig", self._name(version)):
            self._clients.functions.delete_provisioned_concurrency_config(
                FunctionName=self._function, Qualifier=version
            )

    def remove_except(self, spared: Collection[str], ours: Collection[str]) -> None:
        """Remove the warm instances of all versions in `ours` that are not in `spared`."""
        for version in sorted(self._versions() & set(ours) - set(spared)):
            self.remove(version)

    def _state(self, version: str) -> tuple[int, str, str]:
        try:
            with calling("lambda:GetProvisionedConcurrencyConfig", self._name(version)):
                found = self._clients.functions.get_provisioned_concurrency_config(
                    FunctionName=self._function, Qualifier=version
                )
        except NotFoundError:
            return 0, "", ""
        return found["RequestedProvisionedConcurrentExecutions"], found["Status"], found.get("StatusReason", "")

    def _put(self, version: str, wanted: int) -> tuple[int, str, str]:
        with calling("lambda:PutProvisionedConcurrencyConfig", self._name(version)):
            made = self._clients.functions.put_provisioned_concurrency_config(
                FunctionName=self._function, Qualifier=version, ProvisionedConcurrentExecutions=wanted
            )
        return wanted, made["Status"], made.get("StatusReason", "")

    def _versions(self) -> set[str]:
        """The names of versions and aliases that have any; Selfright itself gives none to aliases."""
        found: set[str] = set()
        pages = self._clients.functions.get_paginator("list_provisioned_concurrency_configs")
        with suppress(NotFoundError), calling("lambda:ListProvisionedConcurrencyConfigs", self._function):
            for page in pages.paginate(FunctionName=self._function):
                configs = page.get("ProvisionedConcurrencyConfigs", [])
                found |= {one["FunctionArn"].rpartition(":")[2] for one in configs}
        return found

    def _name(self, version: str) -> str:
        return f"{self._function}:{version}"
