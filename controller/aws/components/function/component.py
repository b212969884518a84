"""The component `function`: a Lambda function behind an alias. A revision is a published version."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.alias import Alias
from controller.aws.components.function.arrival import missing_in_calls
from controller.aws.components.function.callers import Callers
from controller.aws.components.function.code import Code, ZipCode, sha256_of
from controller.aws.components.function.comparison import behaves_as
from controller.aws.components.function.configuration import Wanted
from controller.aws.components.function.invoking.events import FunctionGateway
from controller.aws.components.function.invoking.gateways import gateway_of
from controller.aws.components.function.invoking.testing import FunctionTests
from controller.aws.components.function.provisioned import Provisioned
from controller.aws.components.function.sharing import require_free_alias, why_apart
from controller.aws.components.function.staging import OURS, FunctionStaging
from controller.aws.components.function.unstaging import FunctionUnstaging
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.contents import Contents
from controller.domain.components.function.target import FunctionTarget, LambdaTarget
from controller.domain.deployment import Left, Pending, Revision
from controller.domain.strategy import ALL
from controller.errors import AwsError, ChangedByOthersError, ConflictError, NotFoundError
from controller.ports.components import Arrival, Context, Fence, always
from controller.seen_again import seen_again

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef, GetFunctionResponseTypeDef


class LambdaComponent(ABC):
    """Implements `ports.Component` for every kind of code. A revision's digest is the SHA-256 (hex) of its code."""

    package: str
    """Lambda's name for this kind of code; a function can never change its kind."""

    def __init__(
        self,
        target: LambdaTarget,
        name: str,
        clients: Clients,
        sleep: Callable[[float], None],
        context: Context | None,
    ) -> None:
        """`name` is the component's name in the manifest; `context` is the deployment for which it is staged."""
        self._target, self._name = target, name
        self._clients, self._sleep, self._context = clients, sleep, context
        self._function = target.function_name
        self._alias = Alias(self._clients, target.function_name, target.alias)
        self._permit = context.permit if context else always
        self._staging = FunctionStaging(self._clients, target.function_name, sleep, permit=self._permit)
        self._provisioned = Provisioned(self._clients, target.function_name)
        self._seen: dict[str, Mapping[str, Any]] = {}
        self._stays, self._arn = False, ""

    @abstractmethod
    def code(self, artifact: Artifact, bundle: Contents) -> Code:
        """The artifact's code; raises `InvalidBundleError` when the artifact is of another kind."""

    def current(self) -> Revision:
        """The version that the alias points to; two calls."""
        version = self._live_version()
        self._seen[version] = self._staging.configuration(version)
        return Revision(version, sha256_of(self._seen[version]))

    def why_indivisible(self, artifact: Artifact, bundle: Contents, live: Revision) -> str:
        """Compare the live version with the one that would be published from `$LATEST`; up to three calls."""
        code = self.code(artifact, bundle)
        serving = self._seen.get(live.id) or self._staging.known(live.id)
        new = self._wanted(code).applied_to(self._staging.configuration("$LATEST"))
        self._arn = str(new["FunctionArn"]).removesuffix(":$LATEST")
        self._stays = sha256_of(serving) == code.sha256 and behaves_as(serving, new)
        if self._stays:
            return ""
        from controller.aws.components.function.limits import require_possible  # noqa: PLC0415 - only before staging

        require_possible(self._name, code.artifact, bundle, new)
        require_free_alias(self._clients, self._function, self._target.alias)
        return why_apart(serving, new)

    def bypassed_by(self) -> Bypassing:
        """Who calls it without an alias; nobody, if it was just seen that staging would change nothing."""
        return Bypassing() if self._stays else Callers(self._clients, self._target, self._arn).found()

    def _wanted(self, code: Code) -> Wanted:
        """What the release and the environment want of the function's configuration."""
        return Wanted(code.artifact, self._target.variables)

    def _changes_nothing(self, live: Mapping[str, Any], code: Code) -> bool:
        """Whether staging would make a version that is as the live one; one call, if that has this code."""
        wanted = self._wanted(code)
        if sha256_of(live) != code.sha256 or not wanted.is_in(live):
            return False
        return behaves_as(live, wanted.applied_to(self._staging.configuration("$LATEST")))

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision | Pending:
        """Publish a version of this code and configuration; return the live version if that is the same.

        `Pending` while Lambda updates the function or prepares the version, and while it makes the version's warm
        instances, if the environment asks for any.
        """
        code = self.code(artifact, bundle)
        serving = version = seen_again(self._live_version, sleep=self._sleep)
        live, apart = self._staging.known(version), ""
        self.require_package(live)
        if not self._changes_nothing(live, code):
            published = self._staging.publish(code, self._wanted(code), again=self._is_asked_again)
            if isinstance(published, Pending):
                return published
            version, apart = published["Version"], why_apart(live, published)
        pending = self._warm(version, live=version == serving)
        return pending or Revision(version, code.sha256, indivisible=apart)

    @property
    def _is_asked_again(self) -> bool:
        """Whether staging for this deployment has begun, and was not done."""
        return self._context is not None and self._name in self._context.deployment.awaited

    def _warm(self, version: str, *, live: bool) -> Pending | None:
        """Give the version the environment's number of warm instances; when that is 0, a live version loses its own."""
        wanted = self._target.provisioned_concurrency
        if wanted:
            return self._provisioned.ensure(version, wanted, live=live)
        if live and wanted is not None:
            self._provisioned.remove(version)
        return None

    def require_package(self, live: Mapping[str, Any]) -> None:
        """Raise `AwsError` when the function cannot take this kind of code."""
        if (package := live.get("PackageType", self.package)) != self.package:
            reason = f"{self._function} is a function of package type {package}; {self._name} needs {self.package}"
            raise AwsError(f"{reason}, and AWS cannot change it. Name another function in the environment.")

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Invoke the exact version for every check of this component."""
        own = [check for check in checks if check.component == self._name]
        return FunctionTests(self._clients, self._function, revision.id, gateway=self._gateway).run(own)

    def _gateway(self) -> FunctionGateway:
        return gateway_of(self._clients, self._target)

    def has(self, revision: Revision) -> bool:
        """Whether the version exists; one call."""
        return self._staging.has(revision.id)

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: Fence) -> str | None:
        """Weights on the alias; at 100 the alias itself moves to the canary. The mark is the alias's revision id."""
        return self._alias.shift(stable.id, canary.id, weight, fence)

    def restore(self, stable: Revision, canary: Revision | None, fence: Fence) -> None:
        """Point the alias to the stable version alone: one call if it is as the last shift left it, else two."""
        self._alias.restore(stable.id, canary.id if canary else None, fence, canary.mark if canary else "")

    def arrival(self, stable: Revision, canary: Revision, weight: int, checks: Sequence[AnyCheck]) -> Arrival:
        """What the alias is read as; if all visitors get one version, calls through the alias as well."""
        missing = self._alias.unread(stable.id, canary.id, weight)
        if not missing and weight in {0, ALL}:
            own = [check for check in checks if check.component == self._name]
            version = canary.id if weight else stable.id
            missing = missing_in_calls(self._clients, self._alias.name, version, own, self._gateway)
        return Arrival(missing)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete versions that Selfright published, except the newest `count`, `keep`, and those that an alias uses.

        Versions that no alias uses lose their warm instances, even if they stay.
        """
        ours = sorted(self._own_versions(), key=int, reverse=True)
        used = self._used_by_aliases()
        spared = {*ours[:count], *(revision.id for revision in keep), *used}
        if self._target.provisioned_concurrency is not None:
            before = (revision.id for revision in keep)  # This may be a version that no release has published.
            self._provisioned.remove_except(used if self._target.provisioned_concurrency else (), [*ours, *before])
        return sum(self._delete(version) for version in ours if version not in spared)

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> Pending | Left | None:
        """Give `$LATEST` the stable version's code and configuration again, if nobody has changed it since."""
        unstaging = FunctionUnstaging(self._clients, self._function, self._sleep, permit=self._permit)
        code = self.code(artifact, bundle)
        wanted, source = self._wanted(code), lambda: self._source_of(stable.id)
        return unstaging.unstage(stable.id, code, wanted, source, seals=self._may_still_be_staged)

    @property
    def _may_still_be_staged(self) -> bool:
        """Whether a staging was interrupted, which may go on in a function that nobody waits for."""
        return self._context is not None and self._name not in self._context.deployment.staged

    def _source_of(self, version: str) -> Mapping[str, Any]:
        with calling("lambda:GetFunction", f"{self._function}:{version}"):
            found = self._clients.functions.get_function(FunctionName=self._function, Qualifier=version)
        return self.kept_code(found)

    @abstractmethod
    def kept_code(self, version: "GetFunctionResponseTypeDef") -> Mapping[str, Any]:
        """The arguments for UpdateFunctionCode that load the code of a version; Lambda says where it has it."""

    def discard(self, revision: Revision) -> bool:
        """Delete the version if Selfright published it and no alias uses it."""
        try:
            ours = str(self._staging.configuration(revision.id).get("Description", "")).startswith(OURS)
        except NotFoundError:
            return False
        spared = not revision.id.isdigit() or revision.id in self._used_by_aliases()
        if spared or not ours:
            return False
        if self._target.provisioned_concurrency is not None:
            self._provisioned.remove(revision.id)
        return self._delete(revision.id)

    def _live_version(self) -> str:
        state = self._alias.read()
        if state.shares or state.version == "$LATEST":
            reason = f"{self._alias.name} is on {self._alias.describe(state)}"
            raise ChangedByOthersError(f"{reason}; it must be on one published version before a release can begin.")
        return state.version

    def versions(self) -> "list[FunctionConfigurationTypeDef]":
        """All versions of the function, `$LATEST` and those of others included."""
        found: list[FunctionConfigurationTypeDef] = []
        pages = self._clients.functions.get_paginator("list_versions_by_function")
        with calling("lambda:ListVersionsByFunction", self._function):
            for page in pages.paginate(FunctionName=self._function):
                found.extend(page["Versions"])
        return found

    def _own_versions(self) -> list[str]:
        """The numbered versions: `$LATEST` has no number, and deleting it would delete the function."""
        ours = (one["Version"] for one in self.versions() if one.get("Description", "").startswith(OURS))
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
        except (ConflictError, NotFoundError):
            return False  # Just now an alias was pointed to the version, so it stays, or somebody deleted it.
        return True


class FunctionComponent(LambdaComponent):
    """A function whose code is a zip."""

    package = "Zip"

    def __init__(  # noqa: PLR0913, PLR0917 - the function, its place, the deployment, and the tools
        self,
        target: FunctionTarget,
        name: str,
        bucket: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = clock.sleep,
        context: Context | None = None,
    ) -> None:
        """`bucket` is the controller's, with its staging area; the others are as in `LambdaComponent`."""
        super().__init__(target, name, clients or Clients(), sleep, context)
        self._bucket = bucket

    def code(self, artifact: Artifact, bundle: Contents) -> Code:
        """The zip of the artifact."""
        from controller.domain.components.function.artifact import FunctionArtifact  # noqa: PLC0415 - only to stage

        return ZipCode(self._clients, self._bucket, FunctionArtifact.of(artifact, self._name), bundle)

    def kept_code(self, version: "GetFunctionResponseTypeDef") -> Mapping[str, Any]:
        """The zip in the controller's bucket: staged, kept with a restore point, or fetched from Lambda now."""
        from controller.aws.components.function.kept_code import KeptCode  # noqa: PLC0415 - only after a rollback

        sha256, location = sha256_of(version["Configuration"]), version["Code"].get("Location", "")
        key = KeptCode(self._clients, self._bucket).keep(sha256, location)
        return {"S3Bucket": self._bucket, "S3Key": key}
