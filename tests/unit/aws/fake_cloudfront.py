"""A CloudFront function in memory: two stages, and a condition on every change."""
# ruff: noqa: ANN401, D102, N803 - the methods, names and documents are AWS's

import io
import itertools
from collections.abc import Callable
from typing import Any

from controller.domain.components.site.routing import RoutingTable, parse, render
from tests.unit.aws.fake_lambda import refuse

NAME = "smartpack-prod-routing"


class FakeCloudFront:
    """One published function. `before` maps an operation to an action that runs just before it, once."""

    def __init__(self, table: RoutingTable) -> None:
        self._etags = itertools.count(1)
        self.code = {"DEVELOPMENT": render(table), "LIVE": render(table)}
        self.etags = {"DEVELOPMENT": "e0", "LIVE": "l0"}
        self.calls: list[str] = []
        self.status = "Deployed"
        self.before: dict[str, Callable[[], None]] = {}
        self._old, self._old_reads = dict[str, dict[str, Any]](), 0

    def get_distribution(self, *, Id: str) -> dict[str, Any]:
        self.calls.append("get_distribution")
        return {"Distribution": {"Id": Id, "Status": self.status}}

    @property
    def table(self) -> RoutingTable:
        """The table in LIVE."""
        return parse(self.code["LIVE"])

    @property
    def mutations(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if call != "get_function"]

    def edit(self, stage: str, code: bytes) -> None:
        """Change a stage, as another writer would."""
        self.code[stage] = code
        self.etags["DEVELOPMENT"] = f"e{next(self._etags)}"

    def lag(self, reads: int) -> None:
        """Let this many reads that would show something newer say what is there now."""
        self._old_reads, self._old = reads, {stage: self._read(stage) for stage in self.code}

    def _read(self, stage: str) -> dict[str, Any]:
        return {"code": self.code[stage], "ETag": self.etags[stage]}

    def get_function(self, *, Name: str, Stage: str) -> dict[str, Any]:
        self._enter("get_function")
        read = self._read(Stage)
        if self._old_reads and self._old[Stage] != read:
            self._old_reads -= 1
            read = self._old[Stage]
        return {"FunctionCode": io.BytesIO(read["code"]), "ETag": read["ETag"]}

    def update_function(self, *, Name: str, IfMatch: str, FunctionConfig: Any, FunctionCode: bytes) -> dict[str, Any]:
        self._enter("update_function")
        self._require(IfMatch)
        self.edit("DEVELOPMENT", FunctionCode)
        return {"ResponseMetadata": {"HTTPHeaders": {"etag": self.etags["DEVELOPMENT"]}}}

    def publish_function(self, *, Name: str, IfMatch: str) -> None:
        self._enter("publish_function")
        self._require(IfMatch)
        self.code["LIVE"] = self.code["DEVELOPMENT"]

    def _require(self, etag: str) -> None:
        if etag != self.etags["DEVELOPMENT"]:
            raise refuse("PreconditionFailed", 412)

    def _enter(self, operation: str) -> None:
        self.calls.append(operation)
        if action := self.before.pop(operation, None):
            action()
