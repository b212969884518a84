"""Executions that are started by the alias of a state machine, as Step Functions would start them.

The emulator knows the weights of such an alias and does not follow them, runs the newest definition whatever version
was meant, and measures nothing. So each execution here runs the definition of the version that the weights choose, by
a state machine of its own, and what came of it is put to CloudWatch as Step Functions puts it.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.lab import Lab
from tests.e2e.waiting import until

NAMESPACE = "AWS/States"
METRICS = {"SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed"}
AT_ONCE = 8


class Executions:
    """Whoever starts executions by an alias, several at the same moment."""

    def __init__(self, lab: Lab, machine: str, alias: str) -> None:
        self._lab, self._machine, self._alias = lab, machine, alias
        self._dice = random.Random(7)
        self._made: dict[str, str] = {}
        self.ended: Counter[tuple[str, str]] = Counter()
        """Version and status → how many ended so."""

    def run(self) -> None:
        """Start a few, wait until they have ended, and measure them."""
        begun = [(version, self._start(version)) for version in self._chosen()]
        ended = [(version, str(self._lab.until_execution_ended(arn)["status"])) for version, arn in begun]
        self.ended.update(ended)
        self._measure(Counter(ended))

    def _chosen(self) -> list[str]:
        """A version for each, by the weights that the alias has now."""
        machines, arn = self._lab.stepfunctions, f"{self._machine}:{self._alias}"
        routes = machines.describe_state_machine_alias(stateMachineAliasArn=arn)["routingConfiguration"]
        weights = [one["weight"] for one in routes]
        chosen = self._dice.choices(routes, weights, k=AT_ONCE)
        return [str(one["stateMachineVersionArn"]).rpartition(":")[2] for one in chosen]

    def _start(self, version: str) -> str:
        """One more execution of a version; its ARN."""
        machines = self._lab.stepfunctions
        if version not in self._made:
            found = machines.describe_state_machine(stateMachineArn=f"{self._machine}:{version}")
            alike = {"definition": found["definition"], "roleArn": found["roleArn"]}
            made = machines.create_state_machine(name=f"{found['name']}-{version}", **alike)
            self._made[version] = made["stateMachineArn"]
        return str(machines.start_execution(stateMachineArn=self._made[version])["executionArn"])

    def _measure(self, ended: Counter[tuple[str, str]]) -> None:
        """Count them by version, and by the alias."""
        data = [
            _datum(METRICS[status], self._machine, by, count)
            for (version, status), count in ended.items()
            for by in (("Version", version), ("Alias", self._alias))
        ]
        self._lab.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)


def _datum(metric: str, machine: str, by: tuple[str, str], count: int) -> dict[str, Any]:
    names = (("StateMachineArn", machine), by)
    dimensions = [{"Name": name, "Value": value} for name, value in names]
    return {"MetricName": metric, "Dimensions": dimensions, "Values": [1.0], "Counts": [float(count)], "Unit": "Count"}


@contextmanager
def executing(executions: Executions) -> Iterator[None]:
    """One after the other starts during the block."""
    ended, problems = threading.Event(), list[Exception]()

    def work() -> None:
        while not ended.is_set():
            try:
                executions.run()
            except Exception as problem:  # noqa: BLE001 - the test tells of it
                problems.append(problem)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until("the first executions have ended", lambda: problems or executions.ended)
        yield
    finally:
        ended.set()
        thread.join()
    assert problems == []
