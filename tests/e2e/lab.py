"""SmartPack on a separate local AWS: tests upload releases to it and disturb them.

A test sets the environment's bakes (`set_bakes`), so that its result does not depend on the speed of this machine: a
bake is practically endless, or there is none.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app_artifacts.smartpack.build import built
from controller.aws.bundles import S3Bundles
from controller.domain.identity import UNKNOWN, deployment_id, parse_key
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle
from selfright.layout import ROOT
from tests.e2e.hands import Hands
from tests.e2e.seen import KEY
from tests.e2e.waiting import PATIENCE

NEVER = 600
"""Seconds of a bake that a test ends itself."""
NAMED = ("release.yaml", "api/version.py", "frontend/dist/index.html")
"""The files of a built release of SmartPack that have its version in them."""


@dataclass
class Lab(Hands):
    """The installation, its releasers, and its notifications."""

    queue: str = ""
    told: list[tuple[str, str]] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)
    """The releasers' credentials, as environment variables."""

    def new_version(self) -> str:
        """A version that was not released before, higher than all others."""
        return f"2.0.{next(self.numbers)}"

    def source(self, version: str, like: str = "1.1.0") -> Path:
        """The built folder of a release that is like one of SmartPack's, under another version."""
        left_out = shutil.ignore_patterns("node_modules", ".selfright")
        folder = Path(shutil.copytree(built(like), self.folder / "sources" / version, ignore=left_out))
        for name in NAMED:
            file = folder / name
            file.write_text(file.read_text().replace(like, version))
        return folder

    def bundle(self, version: str, like: str = "1.1.0") -> bytes:
        """Its bundle."""
        return make_bundle(
            self.source(version, like), self.folder / "bundles" / f"{version}.zip", builder=None
        ).read_bytes()

    def new_key(self) -> str:
        """An unused key, because the emulator's events do not have an object's version."""
        return f"incoming/{KEY}/{next(self.numbers)}.zip"

    def upload(self, body: bytes, key: str = "") -> str:
        """Upload a bundle; returns the id of its deployment."""
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

    def command(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Run `selfright` as a person; returns its exit code, its document, and its progress.

        A recovery has an administrator's rights, because it changes the application itself.
        """
        rights = {} if words[0] == "restore" else self.person
        variables = {**os.environ, **self.running.variables(), **rights, "SELFRIGHT_PROGRAM": "selfright"}
        done = subprocess.run(
            [sys.executable, "-m", "selfright", *words, "--output", "json"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def deploy(self, event: str) -> str:
        """Deliver an upload's event once more; the execution's ARN."""
        started = self.stepfunctions.start_execution(stateMachineArn=self.resources["deploy_machine_arn"], input=event)
        return str(started["executionArn"])

    def event(self, key: str, version: str) -> str:
        """EventBridge's event for an upload on AWS."""
        return json.dumps({"bucket": {"name": self.resources["bucket"]}, "object": {"key": key, "version-id": version}})

    def versions_of(self, key: str) -> list[str]:
        """The versions of an object, newest first."""
        answer = self.s3.list_object_versions(Bucket=self.resources["bucket"], Prefix=key)
        return [one["VersionId"] for one in answer["Versions"]]

    def notifications(self) -> list[tuple[str, str]]:
        """Every notification so far: the deployment's id and how it ended."""
        sqs = self.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                notification = json.loads(json.loads(message["Body"])["Message"])
                if "deployment_id" in notification:  # The controller's own alarms are sent there, too.
                    self.told.append((notification["deployment_id"], notification["phase"]))
        return self.told

    def listen(self) -> None:
        """Subscribe to the notifications."""
        sqs, sns = self.client("sqs"), self.client("sns")
        self.queue = sqs.create_queue(QueueName="notifications")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sender = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
        policy = {"Version": "2012-10-17", "Statement": {**sender, "Action": "sqs:SendMessage", "Resource": arn}}
        sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": json.dumps(policy)})
        sns.subscribe(TopicArn=self.resources["notifications_topic_arn"], Protocol="sqs", Endpoint=arn)
