"""The outside view of the local AWS: the ledger, the console, the app's resources, and visitors' answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from controller.aws.ledger.locks import DynamoLocks
from controller.domain.deployment import Deployment
from controller.domain.lock import Lock
from selfright.account.ledger import Ledger
from selfright.account.status import is_paused
from selfright.cli.demo.proof import Seen, visit
from selfright.local.installation import APPLICATION, ENVIRONMENT
from selfright.local_state import REGION, LocalAws
from tests.e2e.waiting import until
from tests.registering import register, registered

KEY = f"{APPLICATION}/{ENVIRONMENT}"


@dataclass
class Sights:
    """Reads the state, waits for changes, and sets the environment's bakes."""

    running: LocalAws
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401 - any client
        """A client of this local AWS."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        if service not in self.clients:
            self.clients[service] = boto3.client(service, endpoint_url=self.running.endpoint, **keys)
        return self.clients[service]

    @cached_property
    def resources(self) -> dict[str, str]:
        """Where the controller is."""
        parameter = self.client("ssm").get_parameter(Name="/selfright/controller")
        return dict(json.loads(parameter["Parameter"]["Value"]))

    @property
    def s3(self) -> Any:  # noqa: ANN401 - any client
        """Where bundles are uploaded."""
        return self.client("s3")

    @property
    def stepfunctions(self) -> Any:  # noqa: ANN401 - any client
        """The console."""
        return self.client("stepfunctions")

    @cached_property
    def ledger(self) -> Ledger:
        """What is known about deployments."""
        return Ledger(self.resources["table"], self.client("dynamodb"))

    def lock(self) -> Lock:
        """Who holds the lock."""
        return DynamoLocks(self.resources["table"], self.client("dynamodb")).load(KEY)

    def configuration(self) -> dict[str, Any]:
        """The environment as CDK registered it, or as a test changed it."""
        return registered(self.client("ssm"), KEY)

    def set_bakes(self, steps: Sequence[tuple[int, int]] = (), final_bake: int = 0, **judge: object) -> None:
        """Register the environment with these weights and bakes, this final bake, and changes to the judge."""
        now = self.configuration()
        now["deployment_preference"]["type"] = [{"weight": weight, "bake": f"{bake}s"} for weight, bake in steps]
        usual = {"alpha": 0.05, "minimum_requests": 0}
        now["discard_after"] = "7d"  # However long the tests take, nothing is discarded between two looks of one.
        now["final_bake"], now["judge"] = f"{final_bake}s", {**now["judge"], **usual, **judge}
        register(self.client("ssm"), now)

    def execution(self, arn: str) -> Mapping[str, Any]:
        """The present state of an execution."""
        return dict(self.stepfunctions.describe_execution(executionArn=arn))

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

    def version(self) -> str:
        """The live version, from the ledger."""
        return self.ledger.get(self.lock().live).version

    def kinds(self, deployment: str) -> list[str]:
        """The kinds of a deployment's events, in order."""
        return [event.kind for event in self.ledger.timeline(deployment)]

    def until_kind(self, deployment: str, kind: str, times: int = 1) -> Deployment:
        """Wait until the deployment has so many events of this kind."""
        until(f"{times} times {kind} of {deployment}", lambda: self.kinds(deployment).count(kind) >= times)
        return self.ledger.get(deployment)

    def reaches(self, deployment: str, phase: str, weight: int | None = None) -> Deployment:
        """Wait until the deployment is in this phase, and perhaps at this weight."""

        def there() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and found.phase == phase and weight in {None, found.weight} else None

        found: Deployment = until(f"{deployment} is {phase}", there)
        return found

    def ended(self, deployment: str) -> Deployment:
        """Wait until the deployment is over and has nothing left to do."""

        def over() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and found.is_told else None

        found: Deployment = until(f"{deployment} is over", over)
        return found

    def until_restored(self, deployment: str) -> Deployment:
        """Wait until all visitors are back on the stable revisions."""

        def restored() -> Deployment | None:
            found = self.ledger.get(deployment)
            return found if found.traffic_restored_at else None

        found: Deployment = until(f"the traffic of {deployment} is restored", restored)
        return found

    def waits_for_a_person(self, deployment: str) -> Deployment:
        """Wait until a person must decide how it continues."""

        def waits() -> Deployment | None:
            found = self.ledger.find(deployment)
            return found if found and is_paused(found) else None

        found: Deployment = until(f"{deployment} waits for a person", waits)
        return found

    def moment(self, deployment: str, kind: str) -> datetime:
        """When something first happened to a deployment."""
        return next(event.at for event in self.ledger.timeline(deployment) if event.kind == kind)

    def traces(self) -> Mapping[str, Any]:
        """Everything of the app that a release could change, in AWS's own words."""
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

    def live(self) -> Seen:
        """The versions that many visitors get."""
        return visit(self.running.edge_url)
