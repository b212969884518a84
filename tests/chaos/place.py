"""The local AWS under chaos: the same as of the end-to-end tests, with its functions' calls led through the proxy."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from controller.domain.deployment import Deployment
from selfright.local import emulator
from selfright.local.installation import LocalPreference, install
from selfright.local_state import REGION
from tests.chaos.processes import Workers
from tests.chaos.proxy import Proxy
from tests.e2e.lab import Lab
from tests.e2e.waiting import until
from tests.ports import PORT

PATIENT_SECONDS = 300
PREFIX = "selfright-"
"""The controller's functions have names that begin so."""
SECRET = "smartpack/prod/config"
PLANTED = "sk-planted-7c1f0e-never-to-be-seen"
PREFERENCE = LocalPreference(
    steps=(),
    final_bake="0s",
    judge={"evaluate_every": "1s", "period": "1s", "minimum_requests": 0, "tolerance": 0.05},
    alarm={"threshold": 3, "period": "5s"},
)
MACHINES = ("deploy_machine_arn", "rollback_machine_arn")


@dataclass
class Place(Lab):
    """A lab with a proxy on its wire and hands on its processes."""

    proxy: Proxy | None = None
    workers: Workers | None = None
    hearing: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:  # noqa: ANN401 - any client
        """A client that waits for a busy emulator."""
        if service not in self.clients:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
            config = Config(read_timeout=PATIENT_SECONDS, max_pool_connections=50)
            self.clients[service] = boto3.client(service, endpoint_url=self.running.endpoint, config=config, **keys)
        return self.clients[service]

    def notifications(self) -> list[tuple[str, str]]:
        """Every notification so far; several threads may ask."""
        with self.hearing:
            return [*super().notifications()]

    def is_over(self, deployment: str) -> bool:
        """Whether it has ended, and somebody was told how."""
        found = self.ledger.find(deployment)
        return bool(found and found.phase.is_terminal and (deployment, str(found.phase)) in self.notifications())

    def ended(self, deployment: str) -> Deployment:
        """Wait until it is over."""
        until(f"{deployment} is over", lambda: self.is_over(deployment))
        return self.ledger.get(deployment)

    def functions(self) -> list[str]:
        """The controller's functions."""
        listed = self.client("lambda").list_functions()["Functions"]
        return [one["FunctionName"] for one in listed if one["FunctionName"].startswith(PREFIX)]

    def lead_calls_to(self, endpoint: str) -> None:
        """Tell every function of the controller, by its environment variables, that AWS is there."""
        functions = self.client("lambda")
        for name in self.functions():
            now = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            variables = {**now, "AWS_ENDPOINT_URL": endpoint}
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def plant(self) -> None:
        """Let the application's secret have a value that can be searched for."""
        text = json.dumps({"SIGNING_KEY": PLANTED})
        self.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)

    def tick(self) -> str:
        """Run the reconciler as the schedule would; returns what it did, or how it failed."""
        name = self.resources["reconcile_function_arn"]
        event = json.dumps({"source": "aws.events"})
        try:
            answer = self.client("lambda").invoke(FunctionName=name, Payload=event)
            return str(answer["Payload"].read().decode())
        except (BotoCoreError, ClientError) as error:
            return repr(error)

    def executions(self) -> list[Mapping[str, Any]]:
        """All executions of both machines, newest first."""
        pages = self.stepfunctions.get_paginator("list_executions")
        return [
            one
            for machine in MACHINES
            for page in pages.paginate(stateMachineArn=self.resources[machine])
            for one in page["executions"]
        ]

    def history(self, arn: str) -> list[Mapping[str, Any]]:
        """Every event of an execution."""
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def logs_since(self, moment: float) -> Iterator[tuple[str, str]]:
        """The functions' log lines since this moment: log group and line."""
        logs = self.client("logs")
        pages = logs.get_paginator("filter_log_events")
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            for page in pages.paginate(logGroupName=name, startTime=int(moment * 1000)):
                for event in page["events"]:
                    yield name, event["message"]

    def objects_since(self, moment: float) -> Iterator[tuple[str, bytes]]:
        """The objects of all buckets that were written since this moment: key and body."""
        for bucket in self.s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=name):
                for one in page.get("Contents", []):
                    if one["LastModified"].timestamp() >= moment - 1:
                        yield one["Key"], self.s3.get_object(Bucket=name, Key=one["Key"])["Body"].read()

    def table(self) -> Iterator[Mapping[str, Any]]:
        """Every item of the ledger."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.resources["table"])
        for page in pages:
            yield from page["Items"]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """A local AWS with a first release live, and its functions behind the proxy; nothing is left of it afterwards."""
    home = folder / f"lab-{time.time_ns()}"
    home.mkdir(parents=True)
    running = install(lambda _: None, folder=home / "local", attached=True, preference=PREFERENCE, port=PORT)
    workers = Workers(running.groups[0])
    proxy = Proxy(running.port, lambda port: kill_caller(workers, port))
    try:
        with proxy.running():
            lab = Place(running, home, proxy=proxy, workers=workers)
            lab.plant()
            lab.lead_calls_to(proxy.url)
            lab.listen()
            ended = lab.ended(lab.release())
            assert ended.phase == "SUCCEEDED", ended.reason
            yield lab
    finally:
        workers.thaw()
        with suppress(OSError):
            emulator.stop(home / "local")


def kill_caller(workers: Workers, port: int) -> None:
    """Kill the function's process that calls from this port."""
    if pid := workers.with_port(port):
        workers.kill(pid)
