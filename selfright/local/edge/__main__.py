"""`python -m selfright.local.edge FOLDER EMULATOR_PORT PORT`: the supervisor starts it."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from selfright.local.edge.api import PATIENCE, EdgeApi
from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.metrics import PERIOD_SECONDS, Datum, EdgeMetrics
from selfright.local.edge.server import EdgeDoor, Server
from selfright.local.edge.site import Site
from selfright.local.edge.targets import TargetsFile
from selfright.local.place import LocalFolder
from selfright.local_state import CREDENTIALS, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger("edge")


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    folder, emulator_port, port = arguments
    endpoint = f"http://127.0.0.1:{emulator_port}"
    os.environ.update({**CREDENTIALS, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION})
    counts, metrics = EdgeCounts(), EdgeMetrics(_publisher(endpoint))
    targets = TargetsFile(LocalFolder(Path(folder)).targets)
    door = EdgeDoor(targets, EdgeApi(endpoint, counts, metrics), Site(endpoint, counts), counts)
    server = Server(int(port), door.answer)

    def end(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()  # in this thread it would wait for itself

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_flush_for_ever, args=(metrics, threading.Event()), daemon=True).start()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


def _publisher(endpoint: str) -> "PutMetrics":
    client: CloudWatchClient = boto3.client("cloudwatch", endpoint_url=endpoint, config=PATIENCE)
    return PutMetrics(client)


class PutMetrics:
    """Publishes metric data to the emulator's CloudWatch."""

    def __init__(self, client: "CloudWatchClient") -> None:
        self._client = client

    def __call__(self, namespace: str, data: Sequence[Datum]) -> None:
        """Make one PutMetricData; data that cannot be published are lost, and that is logged."""
        try:
            self._client.put_metric_data(Namespace=namespace, MetricData=data)  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as problem:
            log.warning("metrics lost: %s", problem)


def _flush_for_ever(metrics: EdgeMetrics, pause: threading.Event) -> None:
    while not pause.wait(PERIOD_SECONDS):
        metrics.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
