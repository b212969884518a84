"""SmartPack on a local AWS, seen by those outside of the controller: uploaders, visitors, people, and mischief.

A test says how careful the environment is (`careful`), so that what happens between two moments of a release does not
depend on how quick this machine is: a bake is as good as endless, or there is none. Nothing here sleeps for luck.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from app_artifacts.smartpack.build import build
from controller.aws.bundles import S3Bundles
from controller.aws.turns import DynamoTurns
from controller.domain.deployment import Deployment
from controller.domain.identity import deployment_id
from controller.domain.turn import Turn
from selfright.bundle import make_bundle
from selfright.demo.proof import Seen, visit
from selfright.ledger import Ledger
from selfright.local import emulator
from selfright.local.installation import APPLICATION, ENVIRONMENT
from selfright.local.place import REGION, REPOSITORY, LocalAws

KEY = f"{APPLICATION}/{ENVIRONMENT}"
PARAMETER = f"/selfright/{KEY}"
ALARMS = (f"{APPLICATION}-{ENVIRONMENT}-api-errors", f"{APPLICATION}-{ENVIRONMENT}-api-5xx")
NEVER = 600
"""Seconds of a bake that a test ends itself."""
PATIENCE = 40.0
NAMED = ("release.yaml", "api/version.py", "site/index.html")
"""The files of a release of SmartPack that have its version in them."""


def until(what: str, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - what it finds
    """Look until the condition gives something; fails with `what` was waited for."""
    found: list[Any] = []
    assert emulator._until(lambda: bool(found.append(condition()) or found[-1]), seconds), f"waited {seconds} s: {what}"
    return found[-1]


def members(running: LocalAws) -> list[int]:
    """The living processes of a local AWS, Lambda workers included."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    groups = {running.supervisor, *running.groups}
    return [int(pid) for pid, group, state in rows if int(group) in groups and not state.startswith("Z")]


@dataclass
class Lab:
    """The installation and everybody around it."""

    running: LocalAws
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def client(self, service: str) -> Any:  # noqa: ANN401 - any client
        """A client of this local AWS."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        return boto3.client(service, endpoint_url=self.running.endpoint, **keys)

    @cached_property
    def resources(self) -> dict[str, str]:
        """Where the controller is."""
        parameter = self.client("ssm").get_parameter(Name="/selfright/controller")
        return dict(json.loads(parameter["Parameter"]["Value"]))

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - any client
        """Where bundles are uploaded."""
        return self.client("s3")

    @cached_property
    def stepfunctions(self) -> Any:  # noqa: ANN401 - any client
        """The console."""
        return self.client("stepfunctions")

    @cached_property
    def ledger(self) -> Ledger:
        """What is known about deployments."""
        return Ledger(self.resources["table"], self.client("dynamodb"))

    def turn(self) -> Turn:
        """Whose turn it is."""
        return DynamoTurns(self.resources["table"], self.client("dynamodb")).load(KEY)

    def configuration(self) -> dict[str, Any]:
        """The environment as CDK registered it, or as a test changed it."""
        return dict(json.loads(self.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]))

    def careful(self, steps: Sequence[tuple[int, int]] = (), watch: int = 0, **judge: object) -> None:
        """Register the environment with these weights and bakes, with that watch, and with changes to the judge."""
        now = self.configuration()
        now["deployment_preference"]["type"] = [{"weight": weight, "bake": bake} for weight, bake in steps]
        now["watch_seconds"], now["judge"] = watch, {**now["judge"], "minimum_requests": 0, **judge}
        self.client("ssm").put_parameter(Name=PARAMETER, Value=json.dumps(now), Type="String", Overwrite=True)

    def new_version(self) -> str:
        """A version that nobody has released before, higher than all others."""
        return f"2.0.{next(self.numbers)}"

    def source(self, version: str, like: str = "1.1.0") -> Path:
        """The folder of a release that is like one of SmartPack's, under another version."""
        folder = build(like, self.folder / "sources" / version)
        for name in NAMED:
            file = folder / name
            file.write_text(file.read_text().replace(like, version))
        return folder

    def bundle(self, version: str, like: str = "1.1.0") -> bytes:
        """Its bundle."""
        return make_bundle(self.source(version, like), self.folder / "bundles" / f"{version}.zip").read_bytes()

    def upload(self, body: bytes, key: str = f"incoming/{KEY}/release.zip") -> str:
        """Put a bundle there; returns the id of the deployment that it becomes."""
        bucket = self.resources["bucket"]
        version = self.s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
        application, environment = (key.split("/") + ["", ""])[1:3] if key.count("/") == 3 else ("unknown", "unknown")
        return deployment_id(application, environment, S3Bundles(self.s3).pin(bucket, key, version))

    def release(self, like: str = "1.1.0") -> str:
        """Upload a new version that is like one of SmartPack's; returns the deployment's id."""
        return self.upload(self.bundle(self.new_version(), like))

    def reaches(self, deployment: str, phase: str, weight: int | None = None) -> Deployment:
        """Wait until the deployment is in this phase, and perhaps at this weight."""

        def there() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and found.phase == phase and weight in {None, found.weight} else None

        found: Deployment = until(f"{deployment} is {phase}", there)
        return found

    def ended(self, deployment: str) -> Deployment:
        """Wait until the deployment is over and all that it owes is done."""

        def over() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and found.phase.is_terminal and found.notice == "sent" else None

        found: Deployment = until(f"{deployment} is over", over)
        return found

    def until_restored(self, deployment: str) -> Deployment:
        """Wait until all visitors are back on the stable revisions."""

        def restored() -> Deployment | None:
            found = self.ledger.get(deployment)
            return found if found.traffic_restored_at else None

        found: Deployment = until(f"the traffic of {deployment} is restored", restored)
        return found

    def kinds(self, deployment: str) -> list[str]:
        """What kinds of things have happened to it, in order."""
        return [event.kind for event in self.ledger.timeline(deployment)]

    def until_kind(self, deployment: str, kind: str, times: int = 1) -> Deployment:
        """Wait until this has happened to it so many times."""
        until(f"{times} × {kind} of {deployment}", lambda: self.kinds(deployment).count(kind) >= times)
        return self.ledger.get(deployment)

    def version(self) -> str:
        """The version that is live, as the ledger says."""
        return self.ledger.get(self.turn().live).version

    def live(self) -> Seen:
        """What many visitors are given."""
        return visit(self.running.edge_url)

    def command(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Run `selfright` as a person would; its exit code, its document, and what it said meanwhile."""
        variables = {**os.environ, **self.running.variables(), "SELFRIGHT_PROGRAM": "selfright"}
        done = subprocess.run(
            [sys.executable, "-m", "selfright", *words, "--output", "json"],
            cwd=REPOSITORY,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def execution(self, arn: str) -> Mapping[str, Any]:
        """How an execution stands."""
        return dict(self.stepfunctions.describe_execution(executionArn=arn))

    def stop(self, arn: str) -> None:
        """Press *Stop* in the console."""
        self.stepfunctions.stop_execution(executionArn=arn)

    def reconcile(self) -> dict[str, str]:
        """What the schedule does every few minutes."""
        name = self.resources["reconcile_function_arn"]
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"source": "aws.events"}))
        return dict(json.load(answer["Payload"])["done"])

    @contextmanager
    def deaf(self, rule: str) -> Iterator[None]:
        """One of the controller's rules hears nothing for the time of the block."""
        events = self.client("events")
        (name,) = [one["Name"] for one in events.list_rules()["Rules"] if f"Triggers{rule}" in one["Name"]]
        events.disable_rule(Name=name)
        try:
            yield
        finally:
            events.enable_rule(Name=name)

    def alarm(self, name: str) -> Mapping[str, Any]:
        """An alarm as CloudWatch has it."""
        (found,) = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return dict(found)

    def set_alarm(self, name: str, state: str, reason: str) -> None:
        """Say what state an alarm is in."""
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    def calm(self) -> None:
        """Wait until no alarm fires: visitors who are well served see to that."""

        def calm() -> bool:
            self.live()
            return all(self.alarm(name)["StateValue"] == "OK" for name in ALARMS)

        for name in ALARMS:
            self.set_alarm(name, "OK", "a test is over")
        until("no alarm is firing", calm)

    @contextmanager
    def frozen_door(self) -> Iterator[None]:
        """The app's door answers nobody for the time of the block, so whoever checks from outside waits."""
        edge = self.running.groups[1]
        os.killpg(edge, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(edge, signal.SIGCONT)
