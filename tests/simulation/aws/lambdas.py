"""AWS Lambda's control plane in memory: code, configuration, versions, aliases, warm instances, and invocations.

Updates and publications take `update_seconds`, warm instances `warm_seconds`; both are 0 unless a simulation says
otherwise. Until then a function reports `InProgress` (`Pending`), and refuses other updates, as AWS does. A simulation
may also say what a front end knows of an alias (`route`).
"""
# ruff: noqa: ANN401, N803 - requests and answers are AWS's documents

import base64
import hashlib
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from tests.simulation.aws.service import Journal, Refusal, Service, operation, page

PREFIX = "arn:aws:lambda:eu-central-1:123456789012:function:"
LATEST = "$LATEST"
PAGE = 50
_OF_A_VERSION = (
    "CodeSha256", "Handler", "Runtime", "MemorySize", "Timeout", "Environment", "Role", "Layers", "ImageConfigResponse",
)  # fmt: skip
"""What two versions differ in, if they differ."""


class Objects(Protocol):
    """S3, as far as Lambda reads code from it."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        """`Body` has the code."""


Invoke = Callable[[str, str, Mapping[str, Any], bytes], Mapping[str, Any]]
"""Function's name, executed version, its configuration, payload → the answer, with `Payload` as bytes."""
Route = Callable[[str, str, str], str]
"""Function's name, alias, the alias's main version → the version that an invocation through the alias executes."""


@dataclass
class _Function:
    """One function. Configurations and aliases are replaced, never changed in place."""

    latest: dict[str, Any]
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    warm: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    policy_revision: str = ""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    published: tuple[int, dict[str, Any]] | None = None
    """How often `$LATEST` had been written at the last publication, and the version that was published."""
    writes: int = 0


class Lambda(Service):
    """Functions by name; every operation takes names, ARNs, and both with a qualifier."""

    def __init__(self, now: Callable[[], datetime], objects: Objects | None = None) -> None:
        """`objects` is where `S3Bucket` and `S3Key` are read."""
        super().__init__(now)
        self._objects = objects
        self._functions: dict[str, _Function] = {}
        self._revisions = itertools.count(1)
        self._journal = Journal(now)
        self.update_seconds = self.warm_seconds = 0.0
        self.identical_writes_keep_revision = True
        """Whether an alias that is written as it is keeps its RevisionId: not known of AWS, so both are tried."""
        self.remembers_deleted_versions = True
        """Whether a publication without a change returns the last version even if that has been deleted since."""
        self.on_invoke: Invoke = lambda *_: {"StatusCode": 200, "Payload": b"null"}
        """What an invocation answers; `FunctionError` in it is a failure. Asynchronous ones are given to it as well."""
        self.route: Route = lambda _name, _alias, version: version
        """Who an invocation through an alias meets. An alias with shares executes its main version unless told."""
        self.on_alias: Callable[[str, str], object] = lambda *_: None
        """Called with function and alias after each write of an alias."""
        self.time_of_update: Callable[[], float] = lambda: self.update_seconds
        """Seconds that the next update or publication takes."""
        self.updates_may_be_unseen = False
        """Whether a read that is behind shows `$LATEST` as it was, and not yet what has been published since."""

    def live(self, name: str, alias: str = "live") -> tuple[str, dict[str, float]]:
        """The version of an alias and the shares of others: what visitors get."""
        found = self._functions[name].aliases[alias]
        return found["FunctionVersion"], dict(_shares(found))

    def alias(self, name: str, alias: str = "live") -> Mapping[str, Any]:
        """An alias as it is stored; do not change it."""
        return self._functions[name].aliases[alias]

    def versions(self, name: str) -> list[str]:
        """The numbers of all published versions that exist."""
        return sorted(self._functions[name].versions, key=int)

    def has_version(self, name: str, version: str) -> bool:
        """Whether a published version exists."""
        return version in self._functions[name].versions

    def names(self) -> list[str]:
        """All functions."""
        return sorted(self._functions)

    @operation
    def create_function(
        self, *, FunctionName: str, Code: Mapping[str, Any], Publish: bool = False, **configuration: Any
    ) -> dict[str, Any]:
        """A function; `Code` has `ZipFile`, `S3Bucket` and `S3Key`, or `ImageUri`."""
        if FunctionName in self._functions:
            raise Refusal("ResourceConflictException", f"Function already exist: {FunctionName}", 409)
        tags = configuration.pop("Tags", {})
        image = configuration.pop("ImageConfig", None)
        latest: dict[str, Any] = {
            "FunctionName": FunctionName,
            "FunctionArn": f"{PREFIX}{FunctionName}",
            "Version": LATEST,
            "PackageType": "Image" if "ImageUri" in Code else "Zip",
            "Description": "",
            "MemorySize": 128,
            "Timeout": 3,
            **self._coded(Code),
            **configuration,
            **({"ImageConfigResponse": {"ImageConfig": image}} if image else {}),
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "LastModified": self._at(),
            "RevisionId": self._revision(),
        }
        self._functions[FunctionName] = made = _Function(latest, tags=dict(tags))
        return dict(self._publish(made, {}) if Publish else latest)

    @operation
    def get_function(self, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
        """Configuration, tags, and where the code is."""
        name, qualifier = _split(FunctionName, Qualifier)
        found = self._function(name)
        configuration = self._seen_version(name, found, qualifier)
        code = {"RepositoryType": "S3", "Location": f"https://code.invalid/{name}/{configuration['CodeSha256']}"}
        if configuration["PackageType"] == "Image":
            uri = f"repository@sha256:{configuration['CodeSha256']}"
            code = {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri}
        tags = {"Tags": dict(found.tags)} if found.tags else {}
        return {"Configuration": _shown(configuration), "Code": code, **tags}

    @operation
    def get_function_configuration(self, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
        """The configuration of `$LATEST`, a version, or an alias's version."""
        name, qualifier = _split(FunctionName, Qualifier)
        return _shown(self._seen_version(name, self._function(name), qualifier))

    @operation
    def update_function_code(
        self, *, FunctionName: str, RevisionId: str = "", Publish: bool = False, **code: Any
    ) -> dict[str, Any]:
        """New code for `$LATEST`."""
        found = self._function(_split(FunctionName)[0])
        self._require_quiet(found, RevisionId)
        self._write_latest(found, self._coded(code))
        return _shown(self._publish(found, {}) if Publish else found.latest)

    @operation
    def update_function_configuration(
        self, *, FunctionName: str, RevisionId: str = "", **changes: Any
    ) -> dict[str, Any]:
        """A new configuration for `$LATEST`; what is not named stays."""
        found = self._function(_split(FunctionName)[0])
        self._require_quiet(found, RevisionId)
        if "ImageConfig" in changes:
            changes["ImageConfigResponse"] = {"ImageConfig": changes.pop("ImageConfig")}
        self._write_latest(found, changes)
        return _shown(found.latest)

    @operation
    def publish_version(
        self, *, FunctionName: str, CodeSha256: str = "", RevisionId: str = "", Description: str | None = None
    ) -> dict[str, Any]:
        """A version of `$LATEST`, or the last one when nothing has changed since."""
        found = self._function(_split(FunctionName)[0])
        self._require_quiet(found, RevisionId)
        if CodeSha256 and CodeSha256 != found.latest["CodeSha256"]:
            raise Refusal("InvalidParameterValueException", "CodeSha256 is different from the code's in $LATEST")
        return _shown(self._publish(found, {} if Description is None else {"Description": Description}))

    @operation
    def list_versions_by_function(
        self, *, FunctionName: str, Marker: str | None = None, MaxItems: int = PAGE
    ) -> dict[str, Any]:
        """`$LATEST`, then the versions by number."""
        name, _ = _split(FunctionName)
        found = self._function(name)
        everything = [found.latest, *(found.versions[number] for number in self.versions(name))]
        shown, following = page(everything, Marker, min(MaxItems, PAGE))
        return {"Versions": [_shown(one) for one in shown], **_next(following)}

    @operation
    def delete_function(self, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
        """Delete a version that no alias uses and that has no warm instances; without qualifier, the function."""
        name, qualifier = _split(FunctionName, Qualifier)
        found = self._function(name)
        if not qualifier:
            del self._functions[name]
            return {"ResponseMetadata": {"HTTPStatusCode": 204, "HTTPHeaders": {}}}
        if qualifier == LATEST:
            raise Refusal("InvalidParameterValueException", "$LATEST version cannot be deleted without the function.")
        for alias in found.aliases.values():
            if qualifier in {alias["FunctionVersion"], *_shares(alias)}:
                raise Refusal(
                    "ResourceConflictException",
                    f"Unable to delete version because aliases use it: {alias['Name']}",
                    409,
                )
        self._version(name, found, qualifier)
        if qualifier in found.warm:
            raise Refusal("ResourceConflictException", "The version has provisioned concurrency.", 409)
        self._drop(name, found, qualifier)
        return {"ResponseMetadata": {"HTTPStatusCode": 204, "HTTPHeaders": {}}}

    def _drop(self, name: str, found: _Function, version: str) -> None:
        self._journal.note(("version", name, version), found.versions.pop(version, None))

    @operation
    def create_alias(
        self,
        *,
        FunctionName: str,
        Name: str,
        FunctionVersion: str,
        Description: str = "",
        RoutingConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A new alias."""
        name, _ = _split(FunctionName)
        found = self._function(name)
        if Name in found.aliases:
            raise Refusal("ResourceConflictException", f"Alias already exists: {PREFIX}{name}:{Name}", 409)
        wanted = {"FunctionVersion": FunctionVersion, "Description": Description, **_routing(RoutingConfig)}
        return self._write_alias(name, found, Name, wanted)

    @operation
    def get_alias(self, *, FunctionName: str, Name: str) -> dict[str, Any]:
        """An alias; its answer may be behind."""
        name, _ = _split(FunctionName)
        present = self._function(name).aliases.get(Name)
        found = self._journal.seen(("alias", name, Name), present, self.lag)
        if found is None:
            raise _missing(f"Cannot find alias arn: {PREFIX}{name}:{Name}")
        return dict(found)

    @operation
    def update_alias(  # noqa: PLR0913 - as boto3 has it
        self,
        *,
        FunctionName: str,
        Name: str,
        FunctionVersion: str | None = None,
        Description: str | None = None,
        RoutingConfig: Mapping[str, Any] | None = None,
        RevisionId: str = "",
    ) -> dict[str, Any]:
        """Change what is named; the RevisionId is compared now, which is when the request arrives."""
        name, _ = _split(FunctionName)
        found = self._function(name)
        before = found.aliases.get(Name)
        if before is None:
            raise _missing(f"Cannot find alias arn: {PREFIX}{name}:{Name}")
        _require_revision(RevisionId, before["RevisionId"])
        wanted = {name: value for name, value in before.items() if name != "RevisionId"}
        if FunctionVersion is not None:
            wanted["FunctionVersion"] = FunctionVersion
        if Description is not None:
            wanted["Description"] = Description
        if RoutingConfig is not None:
            wanted.pop("RoutingConfig", None)
            wanted |= _routing(RoutingConfig)
        return self._write_alias(name, found, Name, wanted)

    @operation
    def delete_alias(self, *, FunctionName: str, Name: str) -> dict[str, Any]:
        """Delete an alias; harmless when it is gone."""
        name, _ = _split(FunctionName)
        found = self._function(name)
        self._journal.note(("alias", name, Name), found.aliases.pop(Name, None))
        return {}

    @operation
    def list_event_source_mappings(
        self,
        *,
        FunctionName: str,
        Marker: str | None = None,
        MaxItems: int = PAGE,
    ) -> dict[str, Any]:
        """There are none."""
        self._function(_split(FunctionName)[0])
        return {"EventSourceMappings": []}

    @operation
    def list_function_url_configs(self, *, FunctionName: str) -> dict[str, Any]:
        """There are none."""
        self._function(_split(FunctionName)[0])
        return {"FunctionUrlConfigs": []}

    @operation
    def list_aliases(
        self, *, FunctionName: str, FunctionVersion: str = "", Marker: str | None = None, MaxItems: int = PAGE
    ) -> dict[str, Any]:
        """All aliases by name, or those that use a version."""
        found = self._function(_split(FunctionName)[0])
        aliases = [
            found.aliases[name]
            for name in sorted(found.aliases)
            if not FunctionVersion
            or FunctionVersion in {found.aliases[name]["FunctionVersion"], *_shares(found.aliases[name])}
        ]
        shown, following = page(aliases, Marker, min(MaxItems, PAGE))
        return {"Aliases": [dict(one) for one in shown], **_next(following)}

    @operation
    def put_provisioned_concurrency_config(
        self, *, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int
    ) -> dict[str, Any]:
        """Begin to make warm instances of a version or alias."""
        name, qualifier = _split(FunctionName, Qualifier)
        found = self._function(name)
        if qualifier not in found.aliases:
            self._version(name, found, qualifier)
        found.warm[qualifier] = {
            "FunctionArn": f"{PREFIX}{name}:{qualifier}",
            "RequestedProvisionedConcurrentExecutions": ProvisionedConcurrentExecutions,
            "LastModified": self._at(),
            "due": self._now() + timedelta(seconds=self.warm_seconds),
        }
        return self._warm(found.warm[qualifier])

    @operation
    def get_provisioned_concurrency_config(self, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        """The warm instances of a version or alias."""
        name, qualifier = _split(FunctionName, Qualifier)
        found = self._function(name)
        if qualifier not in found.warm:
            raise Refusal(
                "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found", 404
            )
        return self._warm(found.warm[qualifier])

    @operation
    def delete_provisioned_concurrency_config(self, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        """Remove warm instances; harmless when there are none."""
        name, qualifier = _split(FunctionName, Qualifier)
        self._function(name).warm.pop(qualifier, None)
        return {"ResponseMetadata": {"HTTPStatusCode": 204, "HTTPHeaders": {}}}

    @operation
    def list_provisioned_concurrency_configs(
        self, *, FunctionName: str, Marker: str | None = None, MaxItems: int = PAGE
    ) -> dict[str, Any]:
        """The warm instances of all versions and aliases."""
        found = self._function(_split(FunctionName)[0])
        shown, following = page([found.warm[name] for name in sorted(found.warm)], Marker, min(MaxItems, PAGE))
        return {"ProvisionedConcurrencyConfigs": [self._warm(one) for one in shown], **_next(following)}

    @operation
    def add_permission(self, *, FunctionName: str, StatementId: str, **statement: Any) -> dict[str, Any]:
        """One statement of the function's policy (only the last one is kept)."""
        found = self._function(_split(FunctionName)[0])
        found.policy, found.policy_revision = f'{{"Statement":[{{"Sid":"{StatementId}"}}]}}', self._revision()
        return {"Statement": found.policy}

    @operation
    def get_policy(self, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
        """The function's policy."""
        found = self._function(_split(FunctionName, Qualifier)[0])
        if not found.policy:
            raise _missing("The resource you requested does not exist.")
        return {"Policy": found.policy, "RevisionId": found.policy_revision}

    @operation
    def list_tags(self, *, Resource: str) -> dict[str, Any]:
        """The function's tags."""
        return {"Tags": dict(self._function(_split(Resource)[0]).tags)}

    @operation
    def tag_resource(self, *, Resource: str, Tags: Mapping[str, str]) -> dict[str, Any]:
        """Set tags."""
        self._function(_split(Resource)[0]).tags.update(Tags)
        return {}

    @operation
    def untag_resource(self, *, Resource: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        """Remove tags."""
        tags = self._function(_split(Resource)[0]).tags
        for key in TagKeys:
            tags.pop(key, None)
        return {}

    @operation
    def invoke(
        self,
        *,
        FunctionName: str,
        Payload: bytes = b"",
        InvocationType: str = "RequestResponse",
        Qualifier: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        """Run a function; through an alias, the version that `route` names."""
        name, qualifier = _split(FunctionName, Qualifier)
        found = self._function(name)
        if qualifier in found.aliases:
            qualifier = self.route(name, qualifier, found.aliases[qualifier]["FunctionVersion"])
        configuration = self._version(name, found, qualifier)
        answer = dict(self.on_invoke(name, configuration["Version"], configuration, Payload))
        if InvocationType == "Event":
            return {"StatusCode": 202, "Payload": io.BytesIO(b"")}
        payload = answer.pop("Payload", b"")
        return {
            "StatusCode": 200,
            "ExecutedVersion": configuration["Version"],
            **answer,
            "Payload": io.BytesIO(payload),
        }

    def _function(self, name: str) -> _Function:
        if name not in self._functions:
            raise _missing(f"Function not found: {PREFIX}{name}")
        found = self._functions[name]
        self._settle(found)
        return found

    def _version(self, name: str, found: _Function, qualifier: str) -> dict[str, Any]:
        if qualifier in {"", LATEST}:
            return found.latest
        number = found.aliases[qualifier]["FunctionVersion"] if qualifier in found.aliases else qualifier
        if number == LATEST:
            return found.latest
        if number not in found.versions:
            raise _missing(f"Function not found: {PREFIX}{name}:{qualifier}")
        return found.versions[number]

    def _seen_version(self, name: str, found: _Function, qualifier: str) -> dict[str, Any]:
        """A version, perhaps as it was a while ago: one that was deleted just now may still be seen, for example."""
        if qualifier in {"", LATEST}:
            latest: dict[str, Any] = self._journal.seen(("latest", name), found.latest, self.lag)
            return latest
        former = self._journal.before(self.lag)
        if gone := former.get(("version", name, qualifier)):
            return dict(gone)
        if ("published", name, qualifier) in former:
            raise _missing(f"Function not found: {PREFIX}{name}:{qualifier}")
        return self._version(name, found, qualifier)

    def _settle(self, found: _Function) -> None:
        """End updates and publications whose time is over. RevisionId changes once more when an update ends."""
        now = self._now()
        if (due := found.latest.get("due")) and now >= due:
            ended = {"LastUpdateStatus": "Successful", "RevisionId": self._revision()}
            found.latest = {name: value for name, value in found.latest.items() if name != "due"} | ended
        for number, version in found.versions.items():
            if (due := version.get("due")) and now >= due:
                found.versions[number] = {**version, "State": "Active", "due": None}

    def _require_quiet(self, found: _Function, revision: str) -> None:
        if found.latest["LastUpdateStatus"] == "InProgress":
            said = f"The operation cannot be performed at this time. An update is in progress for {PREFIX}"
            raise Refusal("ResourceConflictException", said, 409)
        _require_revision(revision, found.latest["RevisionId"])

    def _write_latest(self, found: _Function, changes: Mapping[str, Any]) -> None:
        found.writes += 1
        times = {"LastModified": self._at(), "RevisionId": self._revision()}
        due = self._now() + timedelta(seconds=self.time_of_update())
        if self.updates_may_be_unseen:
            self._journal.note(("latest", found.latest["FunctionName"]), found.latest)
        found.latest = {**found.latest, **changes, **times, "LastUpdateStatus": "InProgress", "due": due}
        self._settle(found)

    def _publish(self, found: _Function, said: Mapping[str, Any]) -> dict[str, Any]:
        if found.published and found.published[0] == found.writes:
            number = found.published[1]["Version"]
            if number in found.versions or self.remembers_deleted_versions:
                return found.versions.get(number, found.published[1])
        newest = max(found.versions, key=int, default="")
        if newest and all(found.versions[newest].get(key) == found.latest.get(key) for key in _OF_A_VERSION):
            return found.versions[newest]
        number = str(next(found.numbers))
        version = {
            **found.latest,
            "FunctionArn": f"{PREFIX}{found.latest['FunctionName']}:{number}",
            "Version": number,
            "RevisionId": self._revision(),
            **said,
            "State": "Pending",
            "due": self._now() + timedelta(seconds=self.time_of_update()),
        }
        if self.updates_may_be_unseen:
            self._journal.note(("published", found.latest["FunctionName"], number), None)
        found.versions[number] = version
        found.published = (found.writes, version)
        self._settle(found)
        return found.versions[number]

    def _write_alias(self, name: str, found: _Function, alias: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        shares = _shares(wanted)
        for number in (wanted["FunctionVersion"], *shares):
            if number != LATEST and number not in found.versions:
                raise _missing(f"Function not found: {PREFIX}{name}:{number}")
        if shares and (LATEST in {wanted["FunctionVersion"], *shares} or wanted["FunctionVersion"] in shares):
            raise Refusal("InvalidParameterValueException", "The versions of a weighted alias must be two, published.")
        if any(not 0 <= share <= 1 for share in shares.values()) or len(shares) > 1:
            raise Refusal("InvalidParameterValueException", "Weights are between 0 and 1, of one other version.")
        before = found.aliases.get(alias)
        new = {"AliasArn": f"{PREFIX}{name}:{alias}", "Name": alias, **wanted}
        same = before is not None and {**new, "RevisionId": before["RevisionId"]} == before
        if before is not None and same and self.identical_writes_keep_revision:
            return dict(before)
        self._journal.note(("alias", name, alias), before)
        found.aliases[alias] = {**new, "RevisionId": self._revision()}
        self.on_alias(name, alias)
        return dict(found.aliases[alias])

    def _warm(self, config: Mapping[str, Any]) -> dict[str, Any]:
        ready = self._now() >= config["due"]
        asked = config["RequestedProvisionedConcurrentExecutions"]
        shown = {name: value for name, value in config.items() if name != "due"}
        counts = {
            "AllocatedProvisionedConcurrentExecutions": asked if ready else 0,
            "AvailableProvisionedConcurrentExecutions": asked if ready else 0,
        }
        return {**shown, **counts, "Status": "READY" if ready else "IN_PROGRESS"}

    def _coded(self, code: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a configuration that tell of its code: a zip's digest in base64, an image's in hex."""
        if "ImageUri" in code:
            return {"CodeSha256": code["ImageUri"].partition("@sha256:")[2], "CodeSize": 0}
        data = code.get("ZipFile")
        if data is None:
            if self._objects is None:
                raise Refusal("InvalidParameterValueException", "There is no S3 to read the code from.")
            data = self._objects.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])["Body"].read()
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return {"CodeSha256": digest, "CodeSize": len(data)}

    def _revision(self) -> str:
        return f"revision-{next(self._revisions):06}"

    def _at(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _split(name: str, qualifier: str = "") -> tuple[str, str]:
    """The bare name and the qualifier of a name, a partial or a whole ARN."""
    _, function, rest = name.rpartition(":function:")
    name, _, inner = (rest if function else name).partition(":")
    if inner and qualifier and inner != qualifier:
        raise Refusal("InvalidParameterValueException", "The derived qualifier from the function name does not match.")
    return name, qualifier or inner


def _require_revision(given: str, present: str) -> None:
    if given and given != present:
        said = "The Revision Id provided does not match the latest Revision Id."
        raise Refusal("PreconditionFailedException", said, 412)


def _missing(message: str) -> Refusal:
    return Refusal("ResourceNotFoundException", message, 404)


def _shares(alias: Mapping[str, Any]) -> Mapping[str, float]:
    shares: Mapping[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return shares


def _routing(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """An alias without shares has no RoutingConfig at all."""
    shares = (given or {}).get("AdditionalVersionWeights") or {}
    return {"RoutingConfig": {"AdditionalVersionWeights": dict(shares)}} if shares else {}


def _shown(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in configuration.items() if name != "due"}


def _next(token: str | None) -> dict[str, str]:
    return {"NextMarker": token} if token else {}
