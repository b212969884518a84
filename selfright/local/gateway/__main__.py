"""`python -m selfright.local.gateway PORT EMULATOR_PORT CLIMATE SEED FACTOR`: the supervisor starts it."""

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from selfright.local.gateway.alarms import SeenAlarms
from selfright.local.gateway.courier import Courier, EventQueue
from selfright.local.gateway.late_aws import LateAws
from selfright.local.gateway.rules import QUEUE
from selfright.local.local_weather import LocalWeather, from_words
from selfright.local_state import CREDENTIALS, REGION
from selfright.weather import Weather

log = logging.getLogger("weather")
UP_SECONDS = 0.1
"""The pause between two attempts to reach an emulator that is starting."""


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    port, emulator_port, *words = arguments
    asyncio.run(_serve(int(port), int(emulator_port), from_words(words)))
    return 0


async def _serve(port: int, emulator_port: int, local: LocalWeather) -> None:
    clients = DirectClients(emulator_port)
    weather = local.drawn_for("events")
    courier = Courier(lambda: weather.late("event_delivered"), lambda: weather.late("event_repeated"))
    events = clients.queue(courier)
    sns = clients.of("sns")

    def publish(topic: str, message: str) -> None:
        courier.take(lambda: sns.publish(TopicArn=topic, Message=message))

    alarms = SeenAlarms(clients.of("cloudwatch"), publish, events.send)
    gateway = LateAws(emulator_port, local.drawn_for("calls"), alarms)
    _for_ever(events.empty)
    _for_ever(lambda: evaluated(alarms, weather))
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set if number == signal.SIGTERM else _nothing)
    server = await gateway.listen(port)
    await ended.wait()
    await gateway.close(server)


def evaluated(alarms: SeenAlarms, weather: Weather, pause: Callable[[float], object] = time.sleep) -> None:
    """Evaluate the alarms after the next pause between two evaluations."""
    pause(weather.late("alarm_evaluated"))
    alarms.evaluate()


class DirectClients:
    """DirectClients of the emulator itself."""

    def __init__(self, port: int) -> None:
        keys = (CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        self._session = boto3.Session(*keys, region_name=REGION)
        self._endpoint = f"http://127.0.0.1:{port}"
        self._patience = Config(connect_timeout=2, read_timeout=30, retries={"max_attempts": 0})

    def of(self, service: str) -> Any:  # noqa: ANN401 - any client
        """A client of this service."""
        make: Any = self._session.client
        return make(service, endpoint_url=self._endpoint, config=self._patience)

    def queue(self, courier: Courier) -> EventQueue:
        """The queue of events, made as soon as the emulator answers."""
        sqs = self.of("sqs")
        while True:
            try:
                url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
            except (ClientError, BotoCoreError):
                time.sleep(UP_SECONDS)
            else:
                return EventQueue(url, sqs, self.of("events"), courier)


def _for_ever(do: Callable[[], object]) -> None:
    """Do it again and again, in a thread that ends with the process."""

    def work() -> None:
        while True:
            try:
                do()
            except (ClientError, BotoCoreError) as problem:
                log.warning("%s", problem)
                time.sleep(UP_SECONDS)

    threading.Thread(target=work, daemon=True).start()


def _nothing() -> None:
    """Ctrl-C is for the supervisor."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
