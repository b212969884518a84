"""The logs of a deployment: the controller's lines about it, and the lines of its components' versions meanwhile.

The controller's lines are those with the deployment's id in them. A component's lines are those of the two versions
that were live during the deployment: a Lambda function has a version's number in the name of each log stream, so the
canary's lines can be told from the stable version's.
"""

import heapq
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.errors import AwsError, NotFoundError, TransientError
from selfright.account.account import Account
from selfright.errors import AdviceError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

CONTROLLER = "controller"
STREAM_VERSION = re.compile(r"\[([^\]]+)\]")
PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ")
"""What Lambda itself writes about every request."""
AFTERWARDS = timedelta(seconds=60)
"""So long after the end of a deployment, lines may still belong to it."""
POLL_SECONDS = 3.0
"""CloudWatch accepts five such requests a second for an account, and there are about ten groups."""
LATE = timedelta(seconds=20)
"""Seconds until a written line can be found; following misses lines that take longer."""


@dataclass(frozen=True)
class LogSource:
    """A log group, and the lines of it that belong to the deployment.

    `sides` maps the versions to `stable` and `canary` (empty: every stream); a line must contain all of `texts`.
    """

    name: str
    group: str
    sides: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogLine:
    """One line: when, from where, by which version (and whether that was `stable` or `canary`), and what."""

    at: datetime
    source: LogSource
    version: str
    stream: str
    text: str
    id: str

    @property
    def side(self) -> str:
        """`stable`, `canary`, or "" for the controller."""
        return self.source.sides.get(self.version, "")


def sources(
    groups: Iterable[str],
    environment: Environment,
    deployment: Deployment,
    only: Collection[str] = (),
    text: str = "",
) -> list[LogSource]:
    """The sources; `groups` are the controller's. Raises `AdviceError` if `only` names a component without logs."""
    wanted = (text,) if text else ()
    own = [LogSource(CONTROLLER, group, texts=(deployment.deployment_id, *wanted)) for group in groups]
    targets = {name: one for name, one in environment.components.items() if one.log_groups}
    if unknown := sorted(set(only) - {CONTROLLER, *targets}):
        step = f"Those with logs are: {', '.join([CONTROLLER, *sorted(targets)])}."
        raise AdviceError(f"{', '.join(unknown)} has no logs in {deployment.environment_key}.", step)
    versions = {name: _sides(deployment, name) for name in targets}
    of_components = [
        LogSource(name, group, versions[name], wanted)
        for name, one in targets.items()
        for group in one.log_groups
        if versions[name]
    ]
    return [one for one in (*own, *of_components) if not only or one.name in only]


def _sides(deployment: Deployment, name: str) -> dict[str, str]:
    """Version → side, as far as it is known yet."""
    before, new = (deployment.restore_point or {}).get(name), deployment.staged.get(name)
    sides = {new.id: "canary"} if new else {}
    return sides | ({before.id: "stable"} if before and before.id else {})


def ends(deployment: Deployment) -> datetime | None:
    """The end of the time to which lines belong; None while the deployment continues."""
    return deployment.closed_at + AFTERWARDS if deployment.phase.is_terminal and deployment.closed_at else None


def begins(deployment: Deployment) -> datetime:
    """The beginning of the time to which lines belong."""
    return min(deployment.created_at, deployment.upload.uploaded_at)


@dataclass(frozen=True)
class LogReader:
    """Reads lines page by page, however many there are."""

    client: "CloudWatchLogsClient"

    def read(self, wanted: Iterable[LogSource], since: datetime, until: datetime | None) -> Iterator[LogLine]:
        """The lines of all sources between the two times, in order of time; a missing group has none.

        Raises `AwsError`; `AdviceError` if a group may not be read.
        """
        if until and until < since:
            return iter(())  # CloudWatch refuses a time that ends before it begins.
        return heapq.merge(*(self._read(one, since, until) for one in wanted), key=lambda line: line.at)

    def _read(self, source: LogSource, since: datetime, until: datetime | None) -> Iterator[LogLine]:
        request: dict[str, Any] = {"logGroupName": source.group, "startTime": _milliseconds(since)}
        if until:
            request["endTime"] = _milliseconds(until)
        if source.texts:
            request["filterPattern"] = _pattern(source.texts)
        pages = iter(self.client.get_paginator("filter_log_events").paginate(**request))
        while page := self._page(source, pages):
            for event in page.get("events", []):
                line = _line(source, event)
                if _belongs(source, line):
                    yield line

    @staticmethod
    def _page(source: LogSource, pages: Iterator[Any]) -> Mapping[str, Any] | None:
        try:
            with calling("logs:FilterLogEvents", source.group):
                return next(pages, None)
        except NotFoundError:
            return None
        except AwsError as error:
            if error.code.startswith("AccessDenied"):
                step = "Attach the managed policies SelfrightReleaser and SelfrightLogs-APPLICATION-ENVIRONMENT."
                raise AdviceError(f"You may not read {source.group}.", step) from error
            raise


@dataclass
class Follower:
    """Polls the logs and yields every line once. It remembers only lines that it may read again."""

    reader: LogReader
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def follow(self, where: Callable[[], tuple[list[LogSource], bool]], since: datetime) -> Iterator[LogLine]:
        """Yield the lines since then as they arrive. `where` gives the sources, and whether no more lines will come."""
        seen: dict[str, datetime] = {}
        start = since
        while True:
            wanted, over = where()
            known = max(since, self.clock() - LATE)
            try:
                for line in self.reader.read(wanted, start, None):
                    if line.id in seen:
                        continue
                    if line.at >= known:
                        seen[line.id] = line.at
                    yield line
            except TransientError:
                known = start  # Read again from this time.
            start = known
            seen = {id_: at for id_, at in seen.items() if at >= start}
            if over:
                return
            self.sleep(POLL_SECONDS)


def window(account: Account, deployment: Deployment, only: Collection[str], text: str) -> list[LogSource]:
    """The sources of the deployment's lines; raises `AdviceError` when the controller does not name its log groups."""
    groups = account.resources.log_groups
    if not groups:
        step = "Deploy the controller's stack of this version of Selfright again."
        raise AdviceError("The controller does not name its log groups.", step)
    return sources(groups, account.environment(deployment.environment_key), deployment, only, text)


def _belongs(source: LogSource, line: LogLine) -> bool:
    """Check the conditions that a filter pattern cannot express exactly."""
    if line.text.startswith(PLATFORM) or '"_aws"' in line.text:
        return False  # Lambda's own lines, and metrics.
    return (not source.sides or line.version in source.sides) and all(text in line.text for text in source.texts)


def _line(source: LogSource, event: Mapping[str, Any]) -> LogLine:
    stream, at, text = event.get("logStreamName", ""), event["timestamp"], event.get("message", "")
    found = STREAM_VERSION.search(stream)
    return LogLine(
        datetime.fromtimestamp(at / 1000, UTC),
        source,
        found[1] if found else "",
        stream,
        text,
        event.get("eventId") or f"{stream} {at} {text}",
    )


def _pattern(texts: Iterable[str]) -> str:
    """A filter pattern of exact phrases, all of which must be there."""
    return " ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
