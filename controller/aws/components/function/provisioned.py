"""Provisioned concurrency: instances of a version that are kept warm, and paid for, whether or not anybody calls them.

They belong to a version, not to the alias: so canary and stable both have theirs while visitors are divided, and back
is as warm as forward. The new version gets them before it gets visitors; a version that no alias uses any more loses
them (`prune`, `discard`), so that nothing is paid for twice for longer than a deployment takes.
"""

from collections.abc import Collection
from contextlib import suppress

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.deployment import Pending
from controller.errors import AwsError, NotFoundError

PATIENCE = 15 * 60
"""Seconds until it is given up. AWS takes some minutes."""


class Provisioned:
    """The provisioned concurrency of one function's versions."""

    def __init__(self, clients: Clients, function_name: str) -> None:
        self._clients, self._function = clients, function_name

    def give(self, version: str, wanted: int, *, live: bool = False) -> Pending | None:
        """See to it that a version has so many warm instances; `Pending` as long as AWS makes them.

        Raises `AwsError` when AWS cannot: then a new version has none, and nothing is paid; one that is `live` keeps
        what it has.
        """
        requested, status, why = self._state(version)
        if requested != wanted:
            requested, status, why = self._put(version, wanted)
        if status == "FAILED":
            self._settle_for(version, self._allocated(version) if live else 0)
            reason = f"{self._function}:{version} did not get {wanted} warm instances: {why or 'AWS gives no reason.'}"
            advice = "Lower `provisioned_concurrency` in the environment, or raise the account's concurrency quota."
            raise AwsError(f"{reason} {advice}", code="ProvisionedConcurrencyFailed")
        if status == "READY":
            return None
        return Pending(f"AWS makes {wanted} warm instances of version {version}", PATIENCE)

    def _settle_for(self, version: str, allocated: int) -> None:
        """Ask for no more than there is: what cannot be had is not asked for again by itself."""
        if allocated:
            self._put(version, allocated)
        else:
            self.take(version)

    def _allocated(self, version: str) -> int:
        with calling("lambda:GetProvisionedConcurrencyConfig", self._name(version)):
            found = self._clients.functions.get_provisioned_concurrency_config(
                FunctionName=self._function, Qualifier=version
            )
        return found.get("AllocatedProvisionedConcurrentExecutions", 0)

    def take(self, version: str) -> None:
        """Take a version's warm instances away; harmless when it has none."""
        with suppress(NotFoundError), calling("lambda:DeleteProvisionedConcurrencyConfig", self._name(version)):
            self._clients.functions.delete_provisioned_concurrency_config(
                FunctionName=self._function, Qualifier=version
            )

    def take_from_all_but(self, spared: Collection[str], ours: Collection[str]) -> None:
        """Take them from all of `ours` but the versions `spared`."""
        for version in sorted(self._versions() & set(ours) - set(spared)):
            self.take(version)

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
        """Those that have any; an alias may have some too, but not of ours."""
        found: set[str] = set()
        pages = self._clients.functions.get_paginator("list_provisioned_concurrency_configs")
        with suppress(NotFoundError), calling("lambda:ListProvisionedConcurrencyConfigs", self._function):
            for page in pages.paginate(FunctionName=self._function):
                configs = page.get("ProvisionedConcurrencyConfigs", [])
                found |= {one["FunctionArn"].rpartition(":")[2] for one in configs}
        return found

    def _name(self, version: str) -> str:
        return f"{self._function}:{version}"
