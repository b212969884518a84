"""When a line of a function's log can be read."""

import json
import secrets
from collections.abc import Iterator

from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured
from selfright.proving.scene import Scene

ROUNDS = 3
PATIENCE = 300.0


def measure(scene: Scene) -> Iterator[Finding]:
    """Let a function write a word, and look for it in its log."""
    name, seconds = scene.outputs["Prober"], []
    for _ in range(ROUNDS):
        word = f"word{secrets.token_hex(6)}"
        asked = json.dumps({"do": "say", "text": word}).encode()
        scene.client("lambda").invoke(FunctionName=name, Payload=asked)
        start = scene.clock.now()

        def found(word: str = word) -> bool:
            events = scene.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{name}", filterPattern=f'"{word}"'
            )
            return bool(events["events"])

        scene.until("the line", found, PATIENCE)
        seconds.append(scene.since(start))
    yield Measured("a line can be read", "", tuple(seconds), figures=("log_readable",))


FACT = Fact(
    "log_readable",
    "prober",
    "When can a line of a log be read?",
    "A function writes a word, and `FilterLogEvents` looks for it until it is there.",
    measure,
)
