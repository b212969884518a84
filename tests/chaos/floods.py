"""Many uploads at once, to one environment or to many, and what became of each."""

import io
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from tests.chaos.place import Place
from tests.chaos.processes import Workers
from tests.registering import register

HANDS = 16
"""So many uploads are sent at the same time."""
SECONDS = 1500.0
"""On this machine, a flood takes minutes; none of it waits for a person."""
SCHEDULE_SECONDS = 30.0
CODE = """\
def handler(event, context):
    return {"statusCode": 200, "body": "%s"}
"""
MANIFEST = """\
application: %s
version: %s
components:
  api: {kind: function, artifact: api, handler: app.handler}
verification:
  checks:
    - {component: api, path: /, contains: "%s"}
"""
AT_ONCE = 8
"""So many executions of a function run at once, as in a new account; the rest is throttled. Without a bound, the
emulator starts a process for each, and two hundred need more processor time than this machine has in a minute."""
BURN = "while True: pass"


@dataclass
class Flood:
    """What became of the uploads of a flood."""

    ends: list[Deployment] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    seconds: float = 0.0
    most_workers: int = 0

    def __str__(self) -> str:
        phases = Counter(str(one.phase) for one in self.ends)
        return (
            f"{len(self.ends)} ended ({dict(phases)}) in {self.seconds:.0f} s, with {self.most_workers} processes;"
            f" lost {self.lost}, not ended {self.unended}, not told {self.untold}"
        )


def bounded(lab: Place, at_once: int = AT_ONCE) -> None:
    """Let no more executions of each of the controller's functions run at once."""
    for name in lab.functions():
        lab.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=at_once)


def send(lab: Place, uploads: Sequence[tuple[bytes, str]]) -> list[str]:
    """Upload all bundles at once, each to its key; returns the deployments' ids."""
    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(lambda one: lab.upload(*one), uploads))


def outcome(lab: Place, ids: Sequence[str], seconds: float = SECONDS) -> Flood:
    """Wait until each has ended and was told, while the reconciler's schedule runs on; or until the time is over."""
    assert lab.workers
    began, tick, flood = time.monotonic(), SCHEDULE_SECONDS, Flood()
    while flood.seconds < seconds:
        flood.most_workers = max(flood.most_workers, len(lab.workers.all()))
        found = {one: lab.ledger.find(one) for one in ids}
        told = {one for one, _ in lab.notifications()}
        flood.lost = [one for one, state in found.items() if state is None]
        flood.ends = [state for state in found.values() if state and state.phase.is_terminal]
        flood.unended = [one for one, state in found.items() if state and not state.phase.is_terminal]
        flood.untold = [one.deployment_id for one in flood.ends if one.deployment_id not in told]
        flood.seconds = time.monotonic() - began
        if not (flood.lost or flood.unended or flood.untold):
            break
        if flood.seconds > tick:
            lab.tick()
            tick = flood.seconds + SCHEDULE_SECONDS
        time.sleep(1)
    return flood


def without_reason(flood: Flood) -> list[str]:
    """The deployments that ended in any other way than success, and do not say why."""
    return [one.deployment_id for one in flood.ends if one.phase is not Phase.SUCCEEDED and not one.reason]


def environment(lab: Place, application: str) -> None:
    """A function with an alias, as an application's own stack would make them, and an environment for it."""
    functions, name = lab.client("lambda"), f"{application}-prod-api"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", CODE % "before")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": buffer.getvalue()},
    )
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    document = {
        "application": application,
        "environment": "prod",
        "components": {"api": {"kind": "function", "function_name": name, "alias": "live"}},
        "deployment_preference": {"type": "AllAtOnce"},
        "final_bake": "0s",
    }
    register(lab.client("ssm"), document)


def release_of(folder: Path, application: str, version: str) -> bytes:
    """A bundle of the application that answers with its version."""
    source = folder / application / version
    (source / "api").mkdir(parents=True)
    (source / "api" / "app.py").write_text(CODE % version)
    (source / "release.yaml").write_text(MANIFEST % (application, version, version))
    return make_bundle(source, folder / f"{application}-{version}.zip").read_bytes()


@contextmanager
def busy_machine(programs: int = 2) -> Iterator[None]:
    """Other programs take all the processor time that they can get."""
    others = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(programs)]
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.wait()


def clear(workers: Workers) -> None:
    """End the processes that a flood has left warm."""
    for pid in workers.all():
        workers.kill(pid)
