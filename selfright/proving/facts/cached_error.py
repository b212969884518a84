"""How long an edge location answers with an error that it has cached."""

import secrets
from collections.abc import Iterator

from selfright.proving.fact import Fact
from selfright.proving.lateness import IN_A_ROW, settle
from selfright.proving.results import Finding, Measured
from selfright.proving.scene import Scene

ROUNDS = 3
PATIENCE = 120.0
FINE = 200


def measure(scene: Scene) -> Iterator[Finding]:
    """Request a file that does not exist yet, write it, and request it until it is there for good."""
    bucket = scene.outputs["Bucket"]
    sights, statuses = [], set[int]()
    for _ in range(ROUNDS):
        key = f"prove-kept/{secrets.token_hex(6)}"
        for _ in range(IN_A_ROW):  # a location has several caches, and each keeps an error of its own
            statuses.add(scene.until("an error", lambda key=key: _status(scene, key), PATIENCE))  # type: ignore[misc]
        scene.client("s3").put_object(Bucket=bucket, Key=key, Body=b"here", ContentType="text/plain")
        sights.append(settle(scene, lambda key=key: _status(scene, key) == FINE, PATIENCE))  # type: ignore[misc]
    said = f"a missing file was answered with {', '.join(map(str, sorted(statuses)))}"
    seconds = tuple(sight.seconds for sight in sights)
    yield Measured("a cached error is answered", said, seconds, figures=("error_cached",))


def _status(scene: Scene, key: str) -> int:
    """The status of the answer; 0 if none came."""
    return scene.here(f"/{key}", host="TriedDomain").status


FACT = Fact(
    "cached_error",
    "bucket",
    "How long is a cached error answered?",
    "A missing file is requested, then written, then requested from this machine until it is answered.",
    measure,
)
