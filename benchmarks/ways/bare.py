"""The floor: only the requests of somebody who knows everything beforehand, without signatures or checks."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import urllib3

from benchmarks.local import Aws
from benchmarks.ways.rival import ALIAS, Rival
from benchmarks.workload import Build

CONNECTIONS = 4


class Bare:
    """Parallel requests on open connections, for nothing but what changed."""

    name = "bare parallel requests"

    def __init__(self, aws: Aws, connections: int = CONNECTIONS, name: str = "bare") -> None:
        self._rival = Rival.create(aws, name)
        self._connections = connections
        self._live: dict[str, str] = {}
        self._versions: list[str] = []
        self.use(aws.endpoint)

    def reset(self) -> None:
        """Empty everything."""
        self._rival.reset()
        self._live, self._versions = {}, []

    def use(self, endpoint: str) -> None:
        """Talk to AWS there."""
        self._pool = urllib3.connection_from_url(endpoint, maxsize=self._connections + 1)

    def release(self, build: Build) -> float:
        """Put the changed objects, and meanwhile the code; then point the alias at the new version."""
        wanted = build.md5s()
        objects = {key: path.read_bytes() for key, path in build.files().items() if self._live.get(key) != wanted[key]}
        if not objects:
            return 0.0  # Somebody who knows everything beforehand has nothing to do.
        code = json.dumps({"ZipFile": base64.b64encode(build.code.read_bytes()).decode(), "Publish": True})
        started = time.monotonic()
        with ThreadPoolExecutor(1) as other:
            version = other.submit(self._function, "PUT", "/code", code)
            self.put(objects)
            self._versions.append(str(version.result()["Version"]))
        self._point(self._versions[-1])
        seconds = time.monotonic() - started
        self._forget(build)
        self._live = wanted
        return seconds

    def roll_back(self, before: Build) -> float:
        """Put the page and what else changed back, and the alias."""
        wanted = before.md5s()
        objects = {key: path.read_bytes() for key, path in before.files().items() if self._live.get(key) != wanted[key]}
        self._versions.pop()
        started = time.monotonic()
        self.put(objects)
        self._point(self._versions[-1])
        seconds = time.monotonic() - started
        self._forget(before)
        self._live = wanted
        return seconds

    def wrong(self, build: Build) -> list[str]:
        """What is not as it should be."""
        return self._rival.wrong(build)

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Put objects into the bucket, side by side."""
        with ThreadPoolExecutor(self._connections) as pool:
            list(pool.map(self.put_one(objects), objects))

    def put_one(self, objects: Mapping[str, bytes]) -> Callable[[str], None]:
        """What puts one of these objects, by its key."""

        def one(key: str) -> None:
            _check(self._pool.request("PUT", f"/{self._rival.bucket}/{key}", body=objects[key]))

        return one

    def _point(self, version: str) -> None:
        self._function("PUT", f"/aliases/{ALIAS}", json.dumps({"FunctionVersion": version}))

    def _function(self, method: str, path: str, body: str) -> dict[str, str]:
        # The emulator routes unsigned requests by their path alone.
        reply = self._pool.request(method, f"/2015-03-31/functions/{self._rival.function}{path}", body=body.encode())
        _check(reply)
        answer: dict[str, str] = reply.json()
        return answer

    def _forget(self, build: Build) -> None:
        """Take away what the build does not have; not part of the floor, but the end state is compared exactly."""
        for key in self._live.keys() - build.md5s().keys():
            self._rival.aws.s3.delete_object(Bucket=self._rival.bucket, Key=key)


def _check(reply: urllib3.BaseHTTPResponse) -> None:
    if reply.status >= 300:  # noqa: PLR2004
        raise RuntimeError(f"{reply.status}: {reply.data[:300]!r}")
