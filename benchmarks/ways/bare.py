"""The floor: only the requests that are strictly necessary, without signatures or checks."""

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
    """Sends parallel requests on open connections, only for what changed."""

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
        """Send requests to this address."""
        self._pool = urllib3.connection_from_url(endpoint, maxsize=self._connections + 1)

    def release(self, build: Build) -> float:
        """Upload the changed objects and the code at the same time, then point the alias to the new version."""
        wanted = build.md5s()
        objects = {key: path.read_bytes() for key, path in build.files().items() if self._live.get(key) != wanted[key]}
        if not objects:
            return 0.0  # Nothing changed, so no request is necessary.
        code = json.dumps({"ZipFile": base64.b64encode(build.code.read_bytes()).decode(), "Publish": True})
        started = time.monotonic()
        with ThreadPoolExecutor(1) as other:
            version = other.submit(self._function, "PUT", "/code", code)
            self.put(objects)
            self._versions.append(str(version.result()["Version"]))
        self._point(self._versions[-1])
        seconds = time.monotonic() - started
        self._delete_others(build)
        self._live = wanted
        return seconds

    def roll_back(self, before: Build) -> float:
        """Upload the former page and the other changed objects again, and move the alias back."""
        wanted = before.md5s()
        objects = {key: path.read_bytes() for key, path in before.files().items() if self._live.get(key) != wanted[key]}
        self._versions.pop()
        started = time.monotonic()
        self.put(objects)
        self._point(self._versions[-1])
        seconds = time.monotonic() - started
        self._delete_others(before)
        self._live = wanted
        return seconds

    def wrong(self, build: Build) -> list[str]:
        """What is wrong with bucket and alias."""
        return self._rival.wrong(build)

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Upload objects to the bucket in parallel."""
        with ThreadPoolExecutor(self._connections) as pool:
            list(pool.map(self.put_one(objects), objects))

    def put_one(self, objects: Mapping[str, bytes]) -> Callable[[str], None]:
        """A function that uploads one of these objects, by its key."""

        def upload(key: str) -> None:
            _check(self._pool.request("PUT", f"/{self._rival.bucket}/{key}", body=objects[key]))

        return upload

    def _point(self, version: str) -> None:
        self._function("PUT", f"/aliases/{ALIAS}", json.dumps({"FunctionVersion": version}))

    def _function(self, method: str, path: str, body: str) -> dict[str, str]:
        # The emulator routes unsigned requests by their path alone.
        reply = self._pool.request(method, f"/2015-03-31/functions/{self._rival.function}{path}", body=body.encode())
        _check(reply)
        answer: dict[str, str] = reply.json()
        return answer

    def _delete_others(self, build: Build) -> None:
        """Delete objects that the build does not have: no part of the floor, but the end state is compared exactly."""
        for key in self._live.keys() - build.md5s().keys():
            self._rival.aws.s3.delete_object(Bucket=self._rival.bucket, Key=key)


def _check(reply: urllib3.BaseHTTPResponse) -> None:
    if reply.status >= 300:  # noqa: PLR2004
        raise RuntimeError(f"{reply.status}: {reply.data[:300]!r}")
