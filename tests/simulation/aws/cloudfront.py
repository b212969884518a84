"""CloudFront in memory: functions with their two stages, and what a distribution says of itself."""
# ruff: noqa: N803 - requests and answers are AWS's documents

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulation.aws.service import Journal, Refusal, Service, metadata, operation

LIVE, DEVELOPMENT = "LIVE", "DEVELOPMENT"


@dataclass(frozen=True)
class Stage:
    """What a stage of a function has."""

    code: bytes
    config: Mapping[str, Any]
    etag: str
    created: datetime
    modified: datetime


class CloudFront(Service):
    """Functions by name; conditions are compared when a request arrives."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._stages: dict[tuple[str, str], Stage] = {}
        self._etags = itertools.count(1)
        self._journal = Journal(now)
        self.identical_writes_keep_revision = True
        """Whether an update with the same code and configuration keeps the ETag: not known of AWS."""
        self.distributions: dict[str, dict[str, Any]] = {}
        """Id → its `Status`, and perhaps `DistributionConfig`."""
        self.status: Callable[[str], str] = lambda id_: str(self.distributions[id_].get("Status", "Deployed"))
        """What a distribution says of itself."""
        self.on_publish: Callable[[str], object] = lambda _: None
        """Called with the function's name after each publication."""

    def code(self, name: str, stage: str = LIVE) -> bytes:
        """The code of a stage: in LIVE, what visitors get."""
        return self._stages[name, stage].code

    def etag(self, name: str, stage: str = DEVELOPMENT) -> str:
        """The ETag of a stage."""
        return self._stages[name, stage].etag

    @operation
    def create_function(self, *, Name: str, FunctionConfig: Mapping[str, Any], FunctionCode: bytes) -> dict[str, Any]:
        """A function that is not published yet."""
        if (Name, DEVELOPMENT) in self._stages:
            raise Refusal("FunctionAlreadyExists", f"A function with the name {Name} exists already.", 409)
        made = self._put(Name, DEVELOPMENT, FunctionCode, FunctionConfig)
        return {"FunctionSummary": _summary(Name, DEVELOPMENT, made), "ETag": made.etag}

    @operation
    def get_function(self, *, Name: str, Stage: str = DEVELOPMENT) -> dict[str, Any]:
        """The code of a stage; the answer may be behind."""
        found = self._stage(Name, Stage, self.lag)
        return {
            "FunctionCode": io.BytesIO(found.code),
            "ETag": found.etag,
            "ContentType": "application/octet-stream",
            "ResponseMetadata": metadata(etag=found.etag),
        }

    @operation
    def describe_function(self, *, Name: str, Stage: str = DEVELOPMENT) -> dict[str, Any]:
        """The configuration of a stage; the answer may be behind."""
        found = self._stage(Name, Stage, self.lag)
        return {
            "FunctionSummary": _summary(Name, Stage, found),
            "ETag": found.etag,
            "ResponseMetadata": metadata(etag=found.etag),
        }

    @operation
    def update_function(
        self, *, Name: str, IfMatch: str, FunctionConfig: Mapping[str, Any], FunctionCode: bytes
    ) -> dict[str, Any]:
        """Change DEVELOPMENT. The new ETag is only among the headers: botocore knows it under a wrong name."""
        before = self._require(Name, IfMatch)
        same = (before.code, before.config) == (bytes(FunctionCode), dict(FunctionConfig))
        if same and self.identical_writes_keep_revision:
            after = before
        else:
            after = self._put(Name, DEVELOPMENT, FunctionCode, FunctionConfig)
        return {
            "FunctionSummary": _summary(Name, DEVELOPMENT, after),
            "ResponseMetadata": metadata(etag=after.etag),
        }

    @operation
    def publish_function(self, *, Name: str, IfMatch: str) -> dict[str, Any]:
        """Copy DEVELOPMENT to LIVE, on the condition of DEVELOPMENT's ETag, which stays as it is."""
        draft = self._require(Name, IfMatch)
        live = self._put(Name, LIVE, draft.code, draft.config)
        self.on_publish(Name)
        return {"FunctionSummary": _summary(Name, LIVE, live)}

    @operation
    def delete_function(self, *, Name: str, IfMatch: str) -> dict[str, Any]:
        """Delete both stages."""
        self._require(Name, IfMatch)
        for stage in (LIVE, DEVELOPMENT):
            self._journal.note((Name, stage), self._stages.pop((Name, stage), None))
        return {}

    @operation
    def get_distribution(self, *, Id: str) -> dict[str, Any]:
        """The distribution's status."""
        found = self._distribution(Id)
        shown = {"Id": Id, "Status": self.status(Id)}
        if "DistributionConfig" in found:
            shown["DistributionConfig"] = found["DistributionConfig"]
        return {"Distribution": shown, "ETag": found.get("ETag", "E1")}

    @operation
    def get_distribution_config(self, *, Id: str) -> dict[str, Any]:
        """The distribution's configuration."""
        found = self._distribution(Id)
        return {"DistributionConfig": dict(found.get("DistributionConfig", {})), "ETag": found.get("ETag", "E1")}

    def _distribution(self, id_: str) -> dict[str, Any]:
        if id_ not in self.distributions:
            raise Refusal("NoSuchDistribution", "The specified distribution does not exist.", 404)
        return self.distributions[id_]

    def _stage(self, name: str, stage: str, lag: float = 0) -> Stage:
        found: Stage | None = self._journal.seen((name, stage), self._stages.get((name, stage)), lag)
        if found is None:
            raise Refusal("NoSuchFunctionExists", "The specified function does not exist.", 404)
        return found

    def _require(self, name: str, etag: str) -> Stage:
        """DEVELOPMENT, if it still has this ETag."""
        draft = self._stage(name, DEVELOPMENT)
        if etag != draft.etag:
            said = "The request failed because it didn't meet the preconditions in one or more request-header fields."
            raise Refusal("PreconditionFailed", said, 412)
        return draft

    def _put(self, name: str, stage: str, code: bytes, config: Mapping[str, Any]) -> Stage:
        before, at = self._stages.get((name, stage)), self._now()
        made = Stage(bytes(code), dict(config), f"ETV{next(self._etags):06}", before.created if before else at, at)
        self._journal.note((name, stage), before)
        self._stages[name, stage] = made
        return made


def _summary(name: str, stage: str, found: Stage) -> dict[str, Any]:
    return {
        "Name": name,
        "Status": "UNASSOCIATED" if stage == DEVELOPMENT else "DEPLOYED",
        "FunctionConfig": dict(found.config),
        "FunctionMetadata": {
            "FunctionARN": f"arn:aws:cloudfront::123456789012:function/{name}",
            "Stage": stage,
            "CreatedTime": found.created,
            "LastModifiedTime": found.modified,
        },
    }
