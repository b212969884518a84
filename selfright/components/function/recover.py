"""Recovery of a Lambda function: its alias, and its version if that was deleted."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.alias import Alias, AliasState
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.configuration import Wanted, variables_of
from controller.aws.components.function.staging import PATIENCE, FunctionStaging
from controller.aws.components.traffic import RECOVERED
from controller.domain import durations
from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.domain.components.function.target import LambdaTarget
from controller.domain.deployment import Pending
from controller.errors import AwsError, NotFoundError
from selfright.components.function.code import KeptCode
from selfright.components.recovered import PointEntry, RecoveryStep, cannot, do

SOURCE = "restore-point"
DEPLOY_FIRST = "Deploy the application's stack first, which creates the function; then restore again."


class FunctionRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(  # noqa: PLR0913, PLR0917 - a component, its place, and its record
        self,
        clients: Clients,
        bucket: str,
        name: str,
        target: LambdaTarget,
        entry: PointEntry,
        document: Mapping[str, Any],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`bucket` has the code; `entry` and `document` are the restore point's."""
        self._clients, self._bucket, self._name = clients, bucket, name
        self._target, self._entry, self._document = target, entry, document
        self._alias = Alias(clients, target.function_name, target.alias)
        self._staging = FunctionStaging(clients, target.function_name, sleep, PATIENCE)
        self._version = ""

    def plan(self) -> list[RecoveryStep]:
        """Recover the version, then the alias."""
        try:
            latest = self._staging.configuration("$LATEST")
        except NotFoundError:
            return [cannot(self._name, f"the function {self._target.function_name} no longer exists. {DEPLOY_FIRST}")]
        self._version = self._matching_version()
        state = self._state()
        moving = self._moving(state)
        if self._version and state and (state.version, dict(state.shares)) == (self._version, {}):
            return []
        if self._version:
            return [moving]
        return [*self._publishing(latest), moving]

    def _matching_version(self) -> str:
        """The version with the right code: that of the restore point, or one that an earlier recovery published."""
        with suppress(NotFoundError):
            if sha256_of(self._staging.configuration(self._entry.revision)) == self._entry.digest:
                return self._entry.revision
        pages = self._clients.functions.get_paginator("list_versions_by_function")
        with calling("lambda:ListVersionsByFunction", self._target.function_name):
            found = [
                one for page in pages.paginate(FunctionName=self._target.function_name) for one in page["Versions"]
            ]
        ours = [one for one in found if one["Version"].isdigit() and self._matches(dict(one))]
        return max((one["Version"] for one in ours), key=int, default="")

    def _matches(self, configuration: Mapping[str, Any]) -> bool:
        return sha256_of(configuration) == self._entry.digest and self._wanted().is_in(configuration)

    def _state(self) -> AliasState | None:
        try:
            return self._alias.read()
        except NotFoundError:
            return None

    def _moving(self, state: AliasState | None) -> RecoveryStep:
        to = f"version {self._version}" if self._version else "the new version"
        if state is None:
            return do(self._name, f"create {self._alias.name} on {to}", self._create_alias)
        text = f"point {self._alias.name} to {to} (now: {self._alias.describe(state)})"
        return do(self._name, text, lambda: self._alias.write(state, self._version, self._version, 0, RECOVERED))

    def _create_alias(self) -> None:
        with calling("lambda:CreateAlias", self._alias.name):
            self._clients.functions.create_alias(
                FunctionName=self._target.function_name, Name=self._target.alias, FunctionVersion=self._version
            )

    def _publishing(self, latest: Mapping[str, Any]) -> list[RecoveryStep]:
        missing = set(self._document["variables"]["others"]) - variables_of(latest).keys()
        lost = [
            RecoveryStep(
                self._name,
                f"the variable {name} is missing, and its value was not exported: deploy the function's template",
            )
            for name in sorted(missing)
        ]
        text = f"publish the code of version {self._entry.revision or '?'} again: that version no longer exists"
        return [*lost, do(self._name, text, self._publish)]

    def _publish(self) -> None:
        published = self._staging.publish(self.code(), self._wanted())
        if isinstance(published, Pending):
            raise AwsError(f"{published.doing} for longer than {PATIENCE // 60} minutes. Run this command again later.")
        self._version = published["Version"]

    def _wanted(self) -> Wanted:
        return Wanted(self.artifact(), {}, exact=True)

    def code(self) -> Code:
        """Its code, from any place that still has it."""
        return KeptCode(self._clients, self._bucket, self._entry, self._document["code"], self.artifact())

    def artifact(self) -> LambdaArtifact:
        """The live configuration of that time, in the form of a manifest."""
        had = self._document["configuration"]
        return FunctionArtifact(
            kind="function", handler=had.get("Handler"), runtime=had.get("Runtime"), **self.configuration()
        )

    def configuration(self) -> dict[str, Any]:
        """The part of it that every function has, whatever form its code has."""
        had = self._document["configuration"]
        return {
            "artifact": SOURCE,
            "digest": f"sha256:{self._entry.digest}",
            "memory": had.get("MemorySize"),
            "timeout": durations.written(had["Timeout"]) if "Timeout" in had else None,
            "variables": self._document["variables"]["released"],
        }
