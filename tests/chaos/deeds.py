"""Faults of processes, and what people do, while a release is on its way."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.chaos.place import Place
from tests.chaos.plan import Trouble
from tests.chaos.processes import Workers
from tests.e2e.hands import ALARM


@dataclass
class Scene:
    """The lab, the round's timeline, and its uploads, to which deeds add theirs."""

    lab: Place
    note: Callable[[str], None]
    uploads: list[str]
    undone: set[str] = field(default_factory=set)

    @property
    def workers(self) -> Workers:
        """The processes of the functions."""
        assert self.lab.workers
        return self.lab.workers


def kill(scene: Scene, _: str, __: Trouble) -> bool:
    """Kill the busiest worker."""
    found = _busiest(scene)
    if found:
        scene.workers.kill(found)
    return bool(found)


def restart(scene: Scene, _: str, __: Trouble) -> bool:
    """Kill all workers at once, so that all functions start cold."""
    workers = scene.workers
    found = workers.all()
    for pid in found:
        workers.kill(pid)
    return bool(found)


def freeze(scene: Scene, _: str, trouble: Trouble) -> bool:
    """Let all workers stand still for a time."""
    workers = scene.workers
    found = workers.all()
    for pid in found:
        workers.freeze(pid)
    time.sleep(trouble.seconds)
    workers.thaw()
    return bool(found)


def stop(scene: Scene, release: str, _: Trouble) -> bool:
    """Press *Stop* on the release's execution."""
    found = scene.lab.ledger.find(release)
    return bool(found) and _stopped(scene, found.execution_arn if found else "")


def stop_rollback(scene: Scene, release: str, _: Trouble) -> bool:
    """Press *Stop* on the execution that rolls it back."""
    found = scene.lab.ledger.find(release)
    return bool(found) and _stopped(scene, found.rollback_execution_arn if found else "")


def alarm(scene: Scene, _: str, __: Trouble) -> bool:
    """An alarm fires for no reason that the visitors would know."""
    scene.lab.set_alarm(ALARM, "ALARM", "chaos")
    return True


def flood(scene: Scene, _: str, trouble: Trouble) -> bool:
    """Upload many releases at once."""
    bundles = [scene.lab.bundle(scene.lab.new_version()) for _ in range(trouble.count)]
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(scene.lab.upload, bundles))
    scene.uploads.extend(ids)
    scene.note(f"uploaded {', '.join(ids)}")
    return True


def second_upload(scene: Scene, _: str, __: Trouble) -> bool:
    """A corrected release comes while the first one is on its way, forward or back."""
    scene.uploads.append(scene.lab.release())
    scene.note(f"uploaded {scene.uploads[-1]}")
    return True


def two_persons(scene: Scene, release: str, _: Trouble) -> bool:
    """Two persons roll the same release back, a moment apart."""
    scene.undone.add(release)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_roll_back, scene, release, "one")
        time.sleep(1)
        second = pool.submit(_roll_back, scene, release, "the other", "--emergency")
        first.result(), second.result()
    return True


def emergency(scene: Scene, release: str, _: Trouble) -> bool:
    """A person moves all visitors back at once."""
    scene.undone.add(release)
    _roll_back(scene, release, "in a hurry", "--emergency")
    return True


DEEDS: dict[str, Callable[[Scene, str, Trouble], bool]] = {
    "kill": kill,
    "restart": restart,
    "freeze": freeze,
    "stop": stop,
    "stop rollback": stop_rollback,
    "alarm": alarm,
    "flood": flood,
    "second upload": second_upload,
    "two persons": two_persons,
    "emergency": emergency,
}
"""Kind of trouble → who does it; False when there was nothing to do it to."""


def _busiest(scene: Scene) -> int | None:
    """The worker that has used most processor time in a moment; None when there is none."""
    workers = scene.workers
    before = {pid: workers.used(pid) for pid in workers.all()}
    time.sleep(0.05)
    return max(before, key=lambda pid: workers.used(pid) - before[pid], default=None)


def _stopped(scene: Scene, arn: str) -> bool:
    if not arn or scene.lab.execution(arn)["status"] != "RUNNING":
        return False
    scene.lab.stop(arn)
    return True


def _roll_back(scene: Scene, release: str, who: str, *more: str) -> None:
    words = ("rollback", release, "--yes", "--reason", who, "--timeout", "60s", *more)
    code, document, said = scene.lab.command(*words)
    scene.note(f"{' '.join(words)}: {code} {document.get('error') or document.get('phase')} {said[-200:]!r}")
