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
from datetime import datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from app_artifacts.smartpack.build import build
from controller.aws.bundles import S3Bundles
from controller.aws.turns import DynamoTurns
from controller.domain.deployment import Deployment
from controller.domain.identity import deployment_id, parse_key
from controller.domain.turn import Turn
from controller.errors import InvalidBundleError
from controller.flow.receiving import UNKNOWN
from selfright.bundle import make_bundle
from selfright.demo.proof import Seen, visit
from selfright.ledger import Ledger
from selfright.local import emulator
from selfright.local.installation import APPLICATION, ENVIRONMENT
from selfright.local.place import REGION, REPOSITORY, LocalAws
from selfright.story import needs_decision

KEY = f"{APPLICATION}/{ENVIRONMENT}"
PARAMETER = f"/selfright/{KEY}"
ALARMS = (f"{APPLICATION}-{ENVIRONMENT}-api-errors", f"{APPLICATION}-{ENVIRONMENT}-api-5xx")
NEVER = 600
"""Seconds of a bake that a test ends itself."""
PATIENCE = 30.0
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
    queue: str = ""
    told: list[tuple[str, str]] = field(default_factory=list)

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

    def new_key(self) -> str:
        """A key that nobody has uploaded to: events do not say here which version of an object they are about."""
        return f"incoming/{KEY}/{next(self.numbers)}.zip"

    def upload(self, body: bytes, key: str = "") -> str:
        """Put a bundle there; returns the id of the deployment that it becomes."""
        bucket, key = self.resources["bucket"], key or self.new_key()
        version = self.s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
        pinned = S3Bundles(self.s3).pin(bucket, key, version)
        try:
            target = parse_key(key)
        except InvalidBundleError:
            return deployment_id(UNKNOWN, UNKNOWN, pinned)
        return deployment_id(target.application, target.environment, pinned)

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

    def waits_for_a_person(self, deployment: str) -> Deployment:
        """Wait until it is for a person to decide how it goes on."""

        def waits() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and needs_decision(found) else None

        found: Deployment = until(f"{deployment} waits for a person", waits)
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

    def deploy(self, event: str) -> str:
        """Deliver an upload's event once more; the execution's ARN."""
        started = self.stepfunctions.start_execution(stateMachineArn=self.resources["deploy_machine_arn"], input=event)
        return str(started["executionArn"])

    def event(self, key: str, version: str) -> str:
        """What EventBridge hands over for an upload on AWS."""
        return json.dumps({"bucket": {"name": self.resources["bucket"]}, "object": {"key": key, "version-id": version}})

    def versions_of(self, key: str) -> list[str]:
        """The versions of an object, newest first."""
        answer = self.s3.list_object_versions(Bucket=self.resources["bucket"], Prefix=key)
        return [one["VersionId"] for one in answer["Versions"]]

    def until_execution_ended(self, arn: str) -> Mapping[str, Any]:
        """How an execution ended; `document` is its output."""
        until(f"{arn} has ended", lambda: self.execution(arn)["status"] != "RUNNING")
        ended = self.execution(arn)
        return {**ended, "document": json.loads(ended.get("output") or "{}")}

    def last_state(self, arn: str) -> str:
        """The last state that an execution entered before it ended."""
        self.until_execution_ended(arn)
        history = self.stepfunctions.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=20)
        return str(next(e["stateEnteredEventDetails"]["name"] for e in history["events"] if "Entered" in e["type"]))

    def moment(self, deployment: str, kind: str) -> datetime:
        """When something first happened to a deployment."""
        return next(event.at for event in self.ledger.timeline(deployment) if event.kind == kind)

    def notices(self) -> list[tuple[str, str]]:
        """Every notice so far: the deployment's id and how it ended."""
        sqs = self.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                notice = json.loads(json.loads(message["Body"])["Message"])
                if "deployment_id" in notice:  # The controller's own alarms are told there too.
                    self.told.append((notice["deployment_id"], notice["phase"]))
        return self.told

    def listen(self) -> None:
        """Subscribe to the notices."""
        sqs, sns = self.client("sqs"), self.client("sns")
        self.queue = sqs.create_queue(QueueName="notices")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.resources["notices_topic_arn"], Protocol="sqs", Endpoint=arn)

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

    @property
    def targets(self) -> Mapping[str, Any]:
        """The app's resources."""
        components = self.configuration()["components"]
        return {**components["api"], **components["site"]}

    def alias(self) -> dict[str, Any]:
        """The API's alias as Lambda has it."""
        names = {"FunctionName": self.targets["function_name"], "Name": self.targets["alias"]}
        answer = self.client("lambda").get_alias(**names)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def publish_by_hand(self) -> str:
        """A version of the API that no release made."""
        name = {"FunctionName": self.targets["function_name"]}
        self.client("lambda").update_function_configuration(**name, Description=f"by hand {next(self.numbers)}")
        return str(self.client("lambda").publish_version(**name)["Version"])

    def move_alias(self, version: str, shares: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Move the API's alias by hand; returns it."""
        names = {"FunctionName": self.targets["function_name"], "Name": self.targets["alias"]}
        routing = {"AdditionalVersionWeights": dict(shares or {})}
        self.client("lambda").update_alias(**names, FunctionVersion=version, RoutingConfig=routing)
        return self.alias()

    def edit_routing(self, change: Callable[[bytes], bytes]) -> bytes:
        """Edit the site's routing function in the console without publishing it; returns what was there before."""
        cloudfront, name = self.client("cloudfront"), self.targets["routing_function"]
        now = cloudfront.get_function(Name=name, Stage="DEVELOPMENT")
        code = bytes(now["FunctionCode"].read())
        configuration = {"Comment": "by hand", "Runtime": "cloudfront-js-2.0"}
        cloudfront.update_function(
            Name=name, IfMatch=now["ETag"], FunctionConfig=configuration, FunctionCode=change(code)
        )
        return code

    def traces(self) -> Mapping[str, Any]:
        """Everything of the app that a release could change, as precisely as AWS tells it."""
        functions, cloudfront = self.client("lambda"), self.client("cloudfront")
        versions = functions.list_versions_by_function(FunctionName=self.targets["function_name"])["Versions"]
        stages = {
            stage: cloudfront.get_function(Name=self.targets["routing_function"], Stage=stage)
            for stage in ("DEVELOPMENT", "LIVE")
        }
        objects = self.s3.list_objects_v2(Bucket=self.targets["bucket"])
        assert not objects["IsTruncated"]
        return {
            "alias": self.alias(),
            "versions": [(one["Version"], one["RevisionId"], one["LastModified"]) for one in versions],
            "routing": {name: (stage["ETag"], stage["FunctionCode"].read()) for name, stage in stages.items()},
            "objects": [(one["Key"], one["ETag"], one["LastModified"]) for one in objects["Contents"]],
        }

    @contextmanager
    def frozen_door(self) -> Iterator[None]:
        """The app's door answers nobody for the time of the block, so whoever checks from outside waits."""
        edge = self.running.groups[1]
        os.killpg(edge, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(edge, signal.SIGCONT)
