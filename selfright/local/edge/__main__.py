"""`python -m selfright.local.edge FOLDER EMULATOR_PORT PORT CLIMATE SEED FACTOR`: the supervisor starts it."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from selfright.local.edge.api import PATIENCE, EdgeApi, InvocationSink
from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.front_ends import FrontEnds
from selfright.local.edge.locations import LateSite, Site
from selfright.local.edge.metrics import PERIOD_SECONDS, Datum, EdgeMetrics
from selfright.local.edge.minutes import LateMetrics
from selfright.local.edge.origin import S3Origin
from selfright.local.edge.server import EdgeDoor, Server
from selfright.local.edge.targets import TargetsFile
from selfright.local.local_weather import LocalWeather, from_words
from selfright.local.place import LocalFolder
from selfright.local_state import CREDENTIALS, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger("edge")
LEARNING_SECONDS = 0.1
"""The pause between two looks at what has been written, when there is weather."""


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    folder, emulator_port, port, *words = arguments
    endpoint = f"http://127.0.0.1:{emulator_port}"
    os.environ.update({**CREDENTIALS, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION})
    local, counts = from_words(words), EdgeCounts()
    metrics = _metrics(endpoint, local)
    api, site = _api(endpoint, local, counts, metrics), _site(endpoint, local, counts)
    door = EdgeDoor(TargetsFile(LocalFolder(Path(folder)).targets), api, site, counts)
    server = Server(int(port), door.answer)

    def end(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()  # in this thread it would wait for itself

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _again_and_again(metrics.flush, PERIOD_SECONDS if local.is_still else min(PERIOD_SECONDS, local.minute / 10))
    if not local.is_still:
        _again_and_again(api.learn, LEARNING_SECONDS)
        _again_and_again(site.learn, LEARNING_SECONDS)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


def _metrics(endpoint: str, local: LocalWeather) -> InvocationSink:
    put = PutMetrics(boto3.client("cloudwatch", endpoint_url=endpoint, config=PATIENCE))
    return EdgeMetrics(put) if local.is_still else LateMetrics(put, local.minute, local.drawn_for("metrics").late)


def _api(endpoint: str, local: LocalWeather, counts: EdgeCounts, metrics: InvocationSink) -> EdgeApi:
    if local.is_still:
        return EdgeApi(endpoint, counts, metrics)
    weather = local.drawn_for("aliases")
    return EdgeApi(endpoint, counts, metrics, lambda read: FrontEnds(read, lambda: weather.late("alias_learned")))


def _site(endpoint: str, local: LocalWeather, counts: EdgeCounts) -> Site | LateSite:
    weather, client = local.drawn_for("site"), boto3.client
    client_of = lambda name: client(name, endpoint_url=endpoint, config=PATIENCE)  # noqa: E731
    if local.is_still:
        return Site(S3Origin(client_of, 0.0, lambda: 0.0), counts)
    origin = S3Origin(client_of, local.factor, lambda: weather.late("error_cached"))
    return LateSite(origin, counts, lambda: weather.late("edge_learns"))


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


def _again_and_again(do: Callable[[], object], seconds: float) -> None:
    """Do it with pauses of so many seconds, in a thread that ends with the process."""

    def work() -> None:
        while True:
            time.sleep(seconds)
            try:
                do()
            except (ClientError, BotoCoreError) as problem:
                log.warning("%s", problem)

    threading.Thread(target=work, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
