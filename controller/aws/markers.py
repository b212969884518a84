"""Markers: one count whenever a deployment enters a phase that visitors notice, for the graphs, or when a task failed.

A marker is a line of the function's own log, in CloudWatch's embedded metric format. CloudWatch turns it into a metric
by itself: that needs no call and no permission, and cannot delay traffic.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.ports.signals import Markers

NAMESPACE, METRIC = "Selfright", "Deployments"
DIMENSIONS = ("Application", "Environment", "Phase")
FAILURES = "Failures"
"""The metric of failed tasks, of all functions together; an alarm of the controller watches it."""


class EmfMarkers(Markers):
    """Implements `ports.Markers`."""

    def __init__(self, write: Callable[[str], object] = sys.stdout.write) -> None:
        """`write` takes the line (default: the function's log)."""
        self._write = write

    def mark(self, deployment: Deployment, phase: Phase, at: datetime) -> None:
        """Count one deployment; the log can be searched for the members that are no dimensions."""
        metric = {"Namespace": NAMESPACE, "Dimensions": [DIMENSIONS], "Metrics": [{"Name": METRIC, "Unit": "Count"}]}
        line = {
            "_aws": {"Timestamp": round(at.timestamp() * 1000), "CloudWatchMetrics": [metric]},
            "Application": deployment.application,
            "Environment": deployment.environment,
            "Phase": str(phase),
            METRIC: 1,
            "deployment_id": deployment.deployment_id,
            "version": deployment.version,
            "weight": deployment.weight,
        }
        self._write(json.dumps(line) + "\n")


def mark_failure(now: Callable[[], float] = time.time) -> None:
    """Count one failed task in the function's own log. `now` is in seconds since 1970."""
    metric = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": [{"Name": FAILURES, "Unit": "Count"}]}
    line = {"_aws": {"Timestamp": round(now() * 1000), "CloudWatchMetrics": [metric]}, FAILURES: 1}
    sys.stdout.write(json.dumps(line) + "\n")
