"""Answers requests to the API by invoking one version directly."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from selfright.local.edge import payload
from selfright.local.edge.alias import EdgeAlias, Route, VersionChoice
from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.http import EdgeRequest, EdgeResponse, error
from selfright.local.edge.metrics import Invocation
from selfright.local.edge.targets import Targets

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

VERSION_HEADER = "x-selfright-version"
"""Added to answers of the API: which version gave it. Only the local edge does that."""

GONE = "ResourceNotFoundException"
PATIENCE = Config(connect_timeout=2, read_timeout=30, retries={"max_attempts": 0}, max_pool_connections=64)


class InvocationSink(Protocol):
    """Takes what Lambda would measure."""

    def add(self, invocation: Invocation) -> None:
        """Record an invocation; returns at once."""

    def flush(self) -> None:
        """Publish what is due."""


class EdgeApi:
    """Invokes the version that the alias's weights choose."""

    def __init__(
        self,
        endpoint: str,
        counts: EdgeCounts,
        metrics: InvocationSink,
        alias_of: Callable[[Callable[[], Route]], VersionChoice] = EdgeAlias,
    ) -> None:
        """`alias_of` makes what knows an alias from a function that reads it."""
        self._client: LambdaClient = boto3.client("lambda", endpoint_url=endpoint, config=PATIENCE)
        self._counts, self._metrics, self._alias_of = counts, metrics, alias_of
        self._aliases: dict[Targets, VersionChoice] = {}

    def learn(self) -> None:
        """Look whether an alias has been moved."""
        for alias in list(self._aliases.values()):
            alias.learn()

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """Answer a preflight like an HTTP API; the function answers everything else."""
        if targets.cors is None:
            return self._ask(request, targets)
        return targets.cors.preflight(request) or targets.cors.told(request, self._ask(request, targets))

    def _ask(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """Invoke and translate; an emulator that cannot answer gives a 502."""
        if targets not in self._aliases:
            self._aliases[targets] = self._alias_of(lambda: self._route(targets))
        alias, version = self._aliases[targets], "unknown"
        try:
            version, arn = alias.choose()
            started = time.perf_counter()
            failed, result = self._invoke(arn, request)
        except (ClientError, BotoCoreError) as problem:
            return self._failed(problem, version)
        milliseconds = (time.perf_counter() - started) * 1000
        self._metrics.add(Invocation(targets.function_name, targets.alias, version, milliseconds, failed))
        # An HTTP API answers 500 when the function fails (a REST API would answer 502).
        answer = error(500, "Internal Server Error") if failed else payload.response(result)
        self._counts.add("api", version, answer.status)
        return EdgeResponse(answer.status, answer.body, (*answer.headers, (VERSION_HEADER, version)))

    def _failed(self, problem: Exception, version: str) -> EdgeResponse:
        """A version that has been deleted is a 500 of the HTTP API; everything else is the emulator's trouble."""
        if isinstance(problem, ClientError) and problem.response["Error"]["Code"] == GONE:
            self._counts.add("api", version, 500)
            return error(500, "Internal Server Error")
        return error(502, f"The function could not be invoked: {problem}")

    def _invoke(self, arn: str, request: EdgeRequest) -> tuple[bool, object]:
        """Whether the function failed, and what it returned. The ARN is qualified: the emulator ignores `Qualifier`."""
        reply = self._client.invoke(FunctionName=arn, Payload=json.dumps(payload.event(request)).encode())
        content = reply["Payload"].read()
        return "FunctionError" in reply, json.loads(content) if content else None

    def _route(self, targets: Targets) -> Route:
        alias = self._client.get_alias(FunctionName=targets.function_name, Name=targets.alias)
        arn = alias["AliasArn"].rsplit(":", 1)[0]
        return Route(arn, alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
