"""Selfright itself: the bundle is uploaded, and the rest happens by itself."""

import itertools
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import urllib3

from benchmarks.local import ENVIRONMENT, GROUPS, Aws
from benchmarks.ways.endstate import differences, empty, objects, wrong_version
from benchmarks.workload import Build
from controller.aws.ledger.deployments import DynamoDeployments
from controller.domain.components.site.hashes import carries_hash
from controller.domain.components.site.routing import object_key, parse
from controller.domain.components.site.serving import cache_control, representation
from controller.domain.deployment import Deployment, Upload
from controller.domain.identity import deployment_id
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import NotFoundError

POLL_SECONDS = 0.05
"""Between two reads of the ledger; the measured times are the ledger's own time stamps."""
DEADLINE_SECONDS = 120
PLACEHOLDER = "1"
"""The version that the stack made."""
ENDS = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED, Phase.ROLLBACK_FAILED})


class Selfright:
    """Releases by uploading bundles, rolls back by starting the rollback machine as `selfright rollback` does."""

    name = "Selfright"

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._ledger = DynamoDeployments(aws.controller["table"], aws.dynamodb)
        self._routing = self._code("LIVE")
        code = aws.functions.get_function(FunctionName=aws.api.function_name, Qualifier=PLACEHOLDER)
        self._placeholder = urllib3.request("GET", code["Code"]["Location"]).data
        self._numbers = itertools.count()
        self._last_change = ""
        self.deployment: Deployment | None = None
        self.unstaged: list[float] = []
        self.uploaded = datetime.now(UTC)

    def reset(self) -> None:
        """Set application, artifacts and ledger back to the state before the first release."""
        aws, name = self._aws, self._aws.api.function_name
        empty(aws, aws.site.bucket)
        empty(aws, aws.controller["bucket"])
        self._publish(self._routing)
        no_weights: dict[str, float] = {}
        aws.functions.update_alias(
            FunctionName=name,
            Name=aws.api.alias,
            FunctionVersion=PLACEHOLDER,
            RoutingConfig={"AdditionalVersionWeights": no_weights},
        )
        aws.functions.update_function_code(FunctionName=name, ZipFile=self._placeholder)
        aws.wait_for_function(name)
        aws.functions.update_function_configuration(FunctionName=name, Handler="index.handler")
        for version in aws.functions.list_versions_by_function(FunctionName=name)["Versions"]:
            if version["Version"] not in {"$LATEST", PLACEHOLDER}:
                aws.functions.delete_function(FunctionName=name, Qualifier=version["Version"])
        table = aws.controller["table"]
        for item in aws.dynamodb.scan(TableName=table)["Items"]:
            aws.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        aws.wait_for_function(name)

    def release(self, build: Build) -> float:
        """Measure from the end of the upload to the ledger's terminal phase."""
        identity = self.upload(build)
        ended = self._end_of(identity, Phase.SUCCEEDED)
        if ended.changed:
            self._last_change = ended.deployment_id
        return _seconds(self.uploaded, ended)

    def upload(self, build: Build) -> str:
        """Upload the bundle; returns its deployment's id. `uploaded` is the time at which the upload ended."""
        time.sleep(1.1)  # S3 gives upload times in whole seconds, and they decide the order of releases.
        bucket, key = self._aws.controller["bucket"], f"incoming/{ENVIRONMENT}/{next(self._numbers)}.zip"
        self._aws.s3.put_object(Bucket=bucket, Key=key, Body=build.bundle.read_bytes())
        self.uploaded = datetime.now(UTC)
        head = self._aws.s3.head_object(Bucket=bucket, Key=key)
        upload = Upload(bucket, key, head["VersionId"], head["ContentLength"], head["LastModified"])
        return deployment_id(self._aws.environment.application, self._aws.environment.environment, upload)

    def roll_back(self, before: Build) -> float:  # noqa: ARG002 - the ledger has it
        """Measure from the order to the ledger's line that everything is restored and verified.

        `unstaged` gets the seconds from then to `ROLLED_BACK`, in which the function itself (`$LATEST`) is put back.
        """
        machine = self._aws.controller["rollback_machine_arn"]
        order = {"deployment_id": self._last_change, "by": "person", "reason": "The benchmark rolls back."}
        ordered = datetime.now(UTC)
        self._aws.workflows.start_execution(stateMachineArn=machine, input=json.dumps(order))
        whole = _seconds(ordered, self._end_of(self._last_change, Phase.ROLLED_BACK))
        timeline = self._ledger.timeline(self._last_change)
        verified = next(event.at for event in timeline if event.kind == EventKind.RESTORATION_VERIFIED)
        seconds = (verified - ordered).total_seconds()
        self.unstaged.append(whole - seconds)
        return seconds

    def wrong(self, build: Build) -> list[str]:
        """What is wrong, for every path with the object to which the routing function leads."""
        aws, table = self._aws, parse(self._code("LIVE"))
        found = objects(aws, aws.site.bucket)
        keys = {path: object_key(f"/{path}", table.stable, table) or "" for path in build.files()}
        expected = {keys[path]: md5 for path, md5 in build.md5s().items()}
        code = wrong_version(aws, aws.api.function_name, aws.api.alias, build)
        split = [f"{table.weight} % of the visitors get another revision"] if table.canary else []
        return [*differences(found, expected), *code, *split, *self._wrong_headers(keys)]

    def use(self, endpoint: str) -> None:
        """Let the controller's functions send requests to this address; they are cold afterwards."""
        self.chill({"AWS_ENDPOINT_URL": endpoint} if endpoint != self._aws.endpoint else {})

    def chill(self, variables: Mapping[str, str] = {}) -> None:
        """Make all of the controller's functions cold, with these additional environment variables."""
        for name in (f"selfright-{group}" for group in GROUPS):
            settings = self._aws.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            kept = {key: value for key, value in settings.items() if key != "AWS_ENDPOINT_URL"}
            self._aws.functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": {**kept, **variables}}
            )
        for group in GROUPS:
            self._aws.wait_for_function(f"selfright-{group}")

    def find(self, identity: str) -> Deployment | None:
        """A deployment in the ledger."""
        try:
            return self._ledger.get(identity)
        except NotFoundError:
            return None

    def seconds_between(self, first: str, last: str, words: str = "") -> float:
        """Between two lines of the last deployment's timeline; the last one's message begins with `words`."""
        if self.deployment is None:
            raise RuntimeError("nothing has been released yet")
        timeline = self._ledger.timeline(self.deployment.deployment_id)
        begin = next(event.at for event in timeline if event.kind == first)
        end = next(event.at for event in timeline if event.kind == last and event.message.startswith(words))
        return (end - begin).total_seconds()

    def _end_of(self, identity: str, wanted: Phase) -> Deployment:
        deadline = time.monotonic() + DEADLINE_SECONDS
        ends = ENDS - {Phase.SUCCEEDED} if wanted is not Phase.SUCCEEDED else ENDS
        while time.monotonic() < deadline:
            self.deployment = self.find(identity)
            if self.deployment and self.deployment.phase in ends and self.deployment.is_told:
                if self.deployment.phase is not wanted:
                    raise RuntimeError(f"{identity}: {self.deployment.phase} {self.deployment.reason}")
                return self.deployment
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{identity} did not end: {self.deployment}")

    def _wrong_headers(self, keys: Mapping[str, str]) -> list[str]:
        """Compare the headers of the page, and of one file of each other kind."""
        wrong = []
        for path in ("index.html", "robots.txt", next(path for path in keys if path.startswith("assets/"))):
            head = self._aws.s3.head_object(Bucket=self._aws.site.bucket, Key=keys[path])
            found = (head["ContentType"], head.get("CacheControl"))
            expected = (representation(path).type, cache_control(hashed=carries_hash(path)))
            wrong += [f"{path} is served with {found}"] if found != expected else []
        return wrong

    def _code(self, stage: str) -> bytes:
        name = self._aws.site.routing_function
        answer = self._aws.routing.get_function(Name=name, Stage=stage)  # type: ignore[arg-type]
        return bytes(answer["FunctionCode"].read())

    def _publish(self, code: bytes) -> None:
        name = self._aws.site.routing_function
        found = self._aws.routing.describe_function(Name=name, Stage="DEVELOPMENT")
        config: Any = found["FunctionSummary"]["FunctionConfig"]
        self._aws.routing.update_function(Name=name, IfMatch=found["ETag"], FunctionConfig=config, FunctionCode=code)
        written = self._aws.routing.describe_function(Name=name, Stage="DEVELOPMENT")
        self._aws.routing.publish_function(Name=name, IfMatch=written["ETag"])


def _seconds(since: datetime, ended: Deployment) -> float:
    if ended.closed_at is None:
        raise RuntimeError(f"{ended.deployment_id} has not ended")
    return (ended.closed_at - since).total_seconds()
