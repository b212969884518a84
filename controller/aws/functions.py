"""The component `function`: a Lambda function behind an alias. A revision is a published version."""

import base64
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO

from controller.aws.aliases import Alias
from controller.aws.calls import Clients, calling
from controller.aws.function_configuration import Wanted
from controller.aws.function_staging import OURS, FunctionStaging, code_sha256
from controller.aws.function_tests import FunctionTests
from controller.domain.checks import CheckResult
from controller.domain.deployment import Revision
from controller.domain.environment import FunctionTarget
from controller.domain.manifest import Artifact, FunctionArtifact
from controller.domain.verification import AnyCheck
from controller.errors import ChangedByOthersError, ConflictError, InvalidBundleError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef


class FunctionComponent:
    """Implements `ports.Component`. A revision's digest is the SHA-256 (hex) of its code."""

    def __init__(
        self,
        target: FunctionTarget,
        name: str,
        bucket: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`name` is the component's in the manifest; `bucket` the controller's, with its staging area."""
        self._target, self._name = target, name
        self._clients = clients or Clients()
        self._function = target.function_name
        self._alias = Alias(self._clients, target.function_name, target.alias)
        self._staging = FunctionStaging(self._clients, target.function_name, bucket, sleep)

    def current(self) -> Revision:
        """The alias's version; two calls."""
        version = self._live_version()
        return Revision(version, _hex(self._staging.configuration(version)["CodeSha256"]))

    def stage(self, artifact: Artifact, bundle: BinaryIO) -> Revision:
        """Publish a version of this code and configuration, or return the live one when it has them already."""
        if not isinstance(artifact, FunctionArtifact):
            reason = f"component {self._name} is a function in this environment and a {artifact.kind} in the bundle"
            raise InvalidBundleError(reason)
        version = self._live_version()
        live, wanted = self._staging.configuration(version), Wanted(artifact, self._target.variables)
        if live["CodeSha256"] != code_sha256(artifact) or not wanted.is_in(live):
            version = self._staging.publish(artifact, wanted, bundle)
        return Revision(version, artifact.sha256)

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Invoke the exact version for every check of this component."""
        mine = [check for check in checks if check.component == self._name]
        return FunctionTests(self._clients, self._function, revision.id).run(mine)

    def shift(self, stable: Revision, canary: Revision, weight: int, permit: Callable[[], None]) -> None:
        """Weights on the alias; at 100 the alias itself moves to the canary."""
        self._alias.shift(stable.id, canary.id, weight, permit)

    def restore(self, stable: Revision, canary: Revision | None) -> None:
        """The alias on the stable version alone."""
        self._alias.restore(stable.id, canary.id if canary else None)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete versions that Selfright published, but for the newest `count`, `keep`, and what any alias uses."""
        ours = sorted(self._versions_of_ours(), key=int, reverse=True)
        spared = {*ours[:count], *(revision.id for revision in keep), *self._used_by_aliases()}
        return sum(self._delete(version) for version in ours if version not in spared)

    def _live_version(self) -> str:
        state = self._alias.read()
        if state.shares or state.version == "$LATEST":
            reason = f"{self._alias.name} is on {self._alias.describe(state)}"
            raise ChangedByOthersError(f"{reason}; it must be on one published version before a release can begin.")
        return state.version

    def _versions_of_ours(self) -> list[str]:
        found: list[FunctionConfigurationTypeDef] = []
        pages = self._clients.functions.get_paginator("list_versions_by_function")
        with calling("lambda:ListVersionsByFunction", self._function):
            for page in pages.paginate(FunctionName=self._function):
                found.extend(page["Versions"])
        # `$LATEST` has no number, and deleting it would delete the function.
        ours = (one["Version"] for one in found if one.get("Description", "").startswith(OURS))
        return [version for version in ours if version.isdigit()]

    def _used_by_aliases(self) -> set[str]:
        used: set[str] = set()
        pages = self._clients.functions.get_paginator("list_aliases")
        with calling("lambda:ListAliases", self._function):
            for page in pages.paginate(FunctionName=self._function):
                for alias in page["Aliases"]:
                    shares = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
                    used |= {alias["FunctionVersion"], *shares}
        return used

    def _delete(self, version: str) -> bool:
        try:
            with calling("lambda:DeleteFunction", f"{self._function}:{version}"):
                self._clients.functions.delete_function(FunctionName=self._function, Qualifier=version)
        except ConflictError:
            return False  # An alias was pointed at it in this moment: it stays.
        return True


def _hex(code_sha256: str) -> str:
    return base64.b64decode(code_sha256).hex()
