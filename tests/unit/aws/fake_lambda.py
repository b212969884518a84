"""A function in memory that answers like AWS Lambda, with the same conditions and states."""
# ruff: noqa: ANN401, D102, N803 - the methods, names and documents are AWS's

import base64
import hashlib
import io
import itertools
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError

NAME = "smartpack-prod-api"
ARN = f"arn:aws:lambda:eu-central-1:123456789012:function:{NAME}"


def refuse(code: str, status: int, operation: str = "Operation", message: str = "No.") -> ClientError:
    """What botocore raises when a service refuses."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


def sha(code: bytes) -> str:
    """A digest as Lambda writes it."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


class NoCallers:
    """EventBridge with its one bus, without rules, pipes and schedules."""

    def list_event_buses(self, **_: Any) -> dict[str, Any]:
        return {"EventBuses": [{"Name": "default"}]}

    def get_paginator(self, _: str) -> "NoCallers":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"RuleNames": [], "Pipes": [], "Schedules": []}


class NoApis:
    """API Gateway without APIs."""

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def answer(**_: Any) -> Any:
            raise refuse("NotFoundException", 404)

        return answer


class FakeLambda:
    """One function with the alias `live`.

    `before` maps an operation to an action of another writer just before it, once. `polls` is how often an update is
    found in progress; `fails` is the reason for which the next update fails. With `remembers`, a publication returns
    the last version until the function is written again, even if that version has been deleted since. A new version is
    found `Pending` for `preparing` reads.
    """

    def __init__(self, fetch: Callable[[str, str], bytes] = lambda bucket, key: b"") -> None:
        """`fetch` gets code from a bucket."""
        self._fetch, self._numbers, self._revisions = fetch, itertools.count(1), itertools.count(1)
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.polls, self.left, self.fails = 0, 0, ""
        self.remembers, self.published = False, dict[str, Any]()
        self.preparing, self._old, self._old_reads = 0, dict[str, Any](), 0
        self.answers: dict[str, dict[str, Any]] = {}
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.policy: list[dict[str, Any]] = []
        self.mappings: list[dict[str, Any]] = []
        self.urls: list[dict[str, Any]] = []
        self.straggler = ""
        """The version to which a host still routes that has not learned of the alias's last change."""
        self.latest: dict[str, Any] = {
            "FunctionName": NAME,
            "Version": "$LATEST",
            "CodeSha256": sha(b"placeholder"),
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "MemorySize": 128,
            "Timeout": 3,
            "Description": "",
            "Environment": {"Variables": {"TABLE": "trips"}},
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "RevisionId": "r0",
        }
        self.versions: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, dict[str, Any]] = {}
        self.warm: dict[str, dict[str, Any]] = {}
        self.publish_version(FunctionName=NAME)
        self.point("live", "1")
        self.calls.clear()

    def lag(self, reads: int) -> None:
        """Let this many reads that would show something newer say what is there now."""
        self._old_reads = reads
        self._old = deepcopy({"latest": self.latest, "versions": self.versions, "aliases": self.aliases})

    def _read(self, kind: str, name: str, now: dict[str, Any] | None) -> dict[str, Any]:
        if self._old_reads and (old := self._old[kind].get(name)) != now:
            self._old_reads -= 1
            now = old
        if now is None:
            raise refuse("ResourceNotFoundException", 404)
        return dict(now)

    def package(self, image: str) -> None:
        """Give the function the package type `Image`, and version 1 the image with this digest (hex)."""
        for one in (self.latest, self.versions["1"]):
            one |= {"PackageType": "Image", "CodeSha256": image, "Architectures": ["x86_64"]}
            del one["Handler"], one["Runtime"]

    def point(self, alias: str, version: str, shares: dict[str, float] | None = None) -> None:
        """Set an alias, as a person would."""
        routing = {"RoutingConfig": {"AdditionalVersionWeights": shares}} if shares else {}
        self.aliases[alias] = {"Name": alias, "FunctionVersion": version, "RevisionId": self._revision(), **routing}

    @property
    def mutations(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.startswith(("get", "list"))]

    @property
    def live(self) -> tuple[str, dict[str, float]]:
        """The version of `live` and the shares of others."""
        alias = self.aliases["live"]
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def get_alias(self, *, FunctionName: str, Name: str) -> dict[str, Any]:
        self._enter("get_alias")
        return self._read("aliases", Name, self.aliases.get(Name))

    def update_alias(self, **given: Any) -> dict[str, Any]:
        self._enter("update_alias")
        if given["RevisionId"] != self.aliases[given["Name"]]["RevisionId"]:
            raise refuse("PreconditionFailedException", 412)
        named = (given["FunctionVersion"], *given["RoutingConfig"]["AdditionalVersionWeights"])
        for version in named:
            if version not in self.versions:
                raise refuse("ResourceNotFoundException", 404)
        for shared in ("Role", "DeadLetterConfig"):
            first, *others = (self.versions[version].get(shared) or None for version in named)
            if any(other != first for other in others):
                raise refuse("InvalidParameterValueException", 400)
        self.point(given["Name"], given["FunctionVersion"], given["RoutingConfig"]["AdditionalVersionWeights"])
        self.aliases[given["Name"]]["Description"] = given.get("Description", "")
        return self.aliases[given["Name"]]

    def get_function_configuration(self, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        self._enter("get_function_configuration")
        if Qualifier != "$LATEST":
            found = self._read("versions", Qualifier, self.versions.get(Qualifier))
            if found["State"] == "Pending":
                self.preparing = max(0, self.preparing - 1)
                if not self.preparing:
                    ended = {"State": "Failed" if self.fails else "Active", "StateReason": self.fails}
                    self.versions[Qualifier] |= ended
            return {**self.versions[Qualifier], "FunctionArn": f"{ARN}:{Qualifier}"}
        self.left = max(0, self.left - 1)
        if not self.left and self.latest["LastUpdateStatus"] == "InProgress":
            self._end_update()
        if self._old_reads and self._old["latest"] != self.latest:
            self._old_reads -= 1
            return {**self._old["latest"], "FunctionArn": f"{ARN}:{Qualifier}"}
        return {**self.latest, "FunctionArn": f"{ARN}:{Qualifier}"}

    def get_function(self, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        self._enter("get_function")
        configuration = dict(self.latest if Qualifier == "$LATEST" else self._version(Qualifier))
        if configuration.get("PackageType") == "Image":
            return {
                "Configuration": configuration,
                "Code": {"ImageUri": f"repository@sha256:{configuration['CodeSha256']}"},
            }
        return {"Configuration": configuration, "Code": {"Location": "https://code.example/one"}}

    def create_alias(self, *, FunctionName: str, Name: str, FunctionVersion: str) -> dict[str, Any]:
        self._enter("create_alias")
        self._version(FunctionVersion)
        if Name in self.aliases:
            raise refuse("ResourceConflictException", 409)
        self.point(Name, FunctionVersion)
        return self.aliases[Name]

    def update_function_configuration(self, *, FunctionName: str, RevisionId: str, **changes: Any) -> dict[str, Any]:
        self._enter("update_function_configuration")
        self._begin_update(RevisionId)
        if "ImageConfig" in changes:
            self.latest["ImageConfigResponse"] = {"ImageConfig": changes.pop("ImageConfig")}
        self.latest.update(changes)
        return dict(self.latest)

    def update_function_code(self, **given: Any) -> dict[str, Any]:
        self._enter("update_function_code")
        if "ImageUri" in given:
            code_sha256 = given["ImageUri"].partition("@sha256:")[2]  # Lambda writes an image's digest in hex
        else:
            code_sha256 = sha(self._fetch(given["S3Bucket"], given["S3Key"]))
        self._begin_update(given["RevisionId"])
        self.latest["CodeSha256"] = code_sha256
        return dict(self.latest)

    def publish_version(self, **given: Any) -> dict[str, Any]:
        self._enter("publish_version")
        if given.get("RevisionId", self.latest["RevisionId"]) != self.latest["RevisionId"]:
            raise refuse("PreconditionFailedException", 412)
        if given.get("CodeSha256", self.latest["CodeSha256"]) != self.latest["CodeSha256"]:
            raise refuse("InvalidParameterValueException", 400)
        last = self.versions.get(max(self.versions, key=int, default=""), {})
        if self.remembers:
            last = self.published["version"] if self.published["RevisionId"] == self.latest["RevisionId"] else {}
        names = ("CodeSha256", "Handler", "Runtime", "MemorySize", "Timeout", "Environment", "ImageConfigResponse")
        names = (*names, "Role", "DeadLetterConfig", "Layers", "VpcConfig", "LoggingConfig", "FileSystemConfigs")
        if last and all(last.get(name) == self.latest.get(name) for name in names):
            return dict(last)
        number = str(next(self._numbers))
        state = {"State": "Pending"} if self.preparing else {}
        own = {"Version": number, "Description": given.get("Description", ""), **state}
        self.versions[number] = {**self.latest, **own}
        self.published = {"RevisionId": self.latest["RevisionId"], "version": self.versions[number]}
        return dict(self.versions[number])

    def _version(self, number: str) -> dict[str, Any]:
        if number not in self.versions:
            raise refuse("ResourceNotFoundException", 404)
        return self.versions[number]

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:
        self._enter("delete_function")
        used = (
            {one["FunctionVersion"], *one.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}
            for one in self.aliases.values()
        )
        if any(Qualifier in versions for versions in used) or Qualifier in self.warm:
            raise refuse("ResourceConflictException", 409)
        self._version(Qualifier)
        del self.versions[Qualifier]

    def put_provisioned_concurrency_config(self, **given: Any) -> dict[str, Any]:
        self._enter("put_provisioned_concurrency_config")
        self._version(given["Qualifier"])
        asked = given["ProvisionedConcurrentExecutions"]
        self.warm[given["Qualifier"]] = {
            "RequestedProvisionedConcurrentExecutions": asked,
            "Status": "IN_PROGRESS",
            "FunctionArn": f"{ARN}:{given['Qualifier']}",
        }
        return dict(self.warm[given["Qualifier"]])

    def get_provisioned_concurrency_config(self, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        self._enter("get_provisioned_concurrency_config")
        if Qualifier not in self.warm:
            raise refuse("ProvisionedConcurrencyConfigNotFoundException", 404)
        return dict(self.warm[Qualifier])

    def delete_provisioned_concurrency_config(self, *, FunctionName: str, Qualifier: str) -> None:
        self._enter("delete_provisioned_concurrency_config")
        self.warm.pop(Qualifier, None)

    def get_paginator(self, operation: str) -> "FakeLambda":
        self._listing = operation
        return self

    def paginate(self, *, FunctionName: str) -> Iterator[dict[str, Any]]:
        self._enter(self._listing)
        if self._listing == "list_event_source_mappings":
            yield {"EventSourceMappings": self.mappings}
        elif self._listing == "list_provisioned_concurrency_configs":
            yield {"ProvisionedConcurrencyConfigs": [*self.warm.values()]}
        elif self._listing == "list_aliases":
            yield from ({"Aliases": [alias]} for alias in self.aliases.values())
        else:
            yield from ({"Versions": [one]} for one in (self.latest, *self.versions.values()))

    def get_policy(self, *, FunctionName: str) -> dict[str, Any]:
        self._enter("get_policy")
        if not self.policy:
            raise refuse("ResourceNotFoundException", 404)
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": self.policy})}

    def list_function_url_configs(self, *, FunctionName: str) -> dict[str, Any]:
        self._enter("list_function_url_configs")
        return {"FunctionUrlConfigs": self.urls}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self._enter("invoke")
        self.invoked.append((FunctionName, json.loads(Payload)))
        qualifier = FunctionName.rpartition(":")[2]
        if alias := self.aliases.get(qualifier):
            version = self.straggler or alias["FunctionVersion"]
            if version not in self.versions:
                raise refuse("ResourceNotFoundException", 404)
            return {"ExecutedVersion": version, "Payload": io.BytesIO(b"{}")}
        answer = self.answers[FunctionName]
        return {**answer, "Payload": io.BytesIO(json.dumps(answer["Payload"]).encode())}

    def _enter(self, operation: str) -> None:
        self.calls.append(operation)
        if action := self.before.pop(operation, None):
            action()

    def _begin_update(self, revision_id: str) -> None:
        if self.latest["LastUpdateStatus"] == "InProgress":
            raise refuse("ResourceConflictException", 409)
        if revision_id != self.latest["RevisionId"]:
            raise refuse("PreconditionFailedException", 412)
        self.left = self.polls
        self.latest |= {"RevisionId": self._revision(), "LastUpdateStatus": "InProgress"}
        if not self.left:
            self._end_update()

    def _end_update(self) -> None:
        ended = {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": self.fails} if self.fails else {}
        self.latest |= {"RevisionId": self._revision(), "LastUpdateStatus": "Successful", **ended}

    def _revision(self) -> str:
        return f"r{next(self._revisions)}"
