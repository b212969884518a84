"""One round: a release under visitors and faults, then rest, then what must hold."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from app_artifacts.smartpack.visits import trips
from controller.domain.deployment import Deployment
from selfright.bundling.bundle import make_bundle
from selfright.errors import AdviceError
from selfright.local.visitors import Outcome, VisitorLoad, VisitorStream, from_list
from tests.chaos.deeds import DEEDS, Scene
from tests.chaos.invariants import Known, broken, unrest
from tests.chaos.place import Place
from tests.chaos.plan import LIKE, WIRE, Plan, Trouble
from tests.e2e.hands import ALARM, QUIET

POLL_SECONDS = 0.1
PHASE_SECONDS = 40.0
"""A trouble that waits for a phase waits no longer than this; then it does not happen."""
SCHEDULE_SECONDS = 10.0
"""How often the reconciler's schedule runs here; on AWS it is minutes."""
REST_SECONDS = 420.0
"""Retries pause for up to a minute, and uploads without a deployment are found after some minutes."""
UNANSWERED = {"lost reply", "torn reply", "late", "held", "delay", "killed after"}
"""A notification that suffers this may have been sent, and the sender cannot know."""
DEATHS = {"killed before", "killed after", "kill", "restart"}
TORN = '<script src="/assets/gone.js"></script></head>'
VISITS_PER_SECOND = 6.0


@dataclass
class Result:
    """What a round did, and what it found."""

    plan: Plan
    began: float
    patience: float = REST_SECONDS
    uploads: list[str] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    notes: list[tuple[float, str]] = field(default_factory=list)
    visitors: Outcome = field(default_factory=Outcome)
    rest: float = 0.0
    """Seconds from the end of all faults until all was at rest."""

    def restored(self) -> list[float]:
        """The seconds from each trip until the traffic was restored."""
        return [
            (one.traffic_restored_at - one.trip.at).total_seconds()
            for one in self.deployments
            if one.trip and one.traffic_restored_at and one.steps
        ]

    def note(self, what: str) -> None:
        """Write down that this happened now."""
        self.notes.append((time.time(), what))


def run_round(lab: Place, plan: Plan, known: Known, patience: float = REST_SECONDS) -> Result:
    """Run the plan on the lab; `patience` are the seconds in which all must be at rest."""
    assert lab.proxy
    result = Result(plan, time.time(), patience)
    lab.proxy.begin(f"{plan.seed}/{plan.number}")
    lab.set_bakes(plan.steps, plan.final_bake)
    scene = Scene(lab, result.note, result.uploads)
    with visiting(lab, plan) as visitors:
        try:
            with ThreadPoolExecutor(len(plan.troubles) + 1) as pool:
                release = upload(lab, plan)
                result.uploads.append(release)
                result.note(f"uploaded {release}")
                list(pool.map(lambda trouble: _trouble(scene, release, trouble, result), plan.troubles))
        finally:
            lab.proxy.heal()
            assert lab.workers
            lab.workers.thaw()
        result.note("all faults have ended")
    result.visitors = visitors.outcome()
    ended = time.monotonic()
    left = _until_rest(lab, result)
    result.rest = time.monotonic() - ended
    result.violations += left or _after_rest(lab, result, known, scene)
    result.faults += Counter(one.kind for one in lab.proxy.suffered)
    _remember(lab, result, known)
    return result


def upload(lab: Place, plan: Plan) -> str:
    """Upload the round's release."""
    if plan.release != "failing check":
        return lab.release(LIKE[plan.release])
    version = lab.new_version()
    source = lab.source(version)
    page = source / "frontend" / "dist" / "index.html"
    page.write_text(page.read_text().replace("</head>", TORN))
    return lab.upload(make_bundle(source, lab.folder / "bundles" / f"{version}.zip", builder=None).read_bytes())


@contextmanager
def visiting(lab: Place, plan: Plan) -> Iterator[VisitorStream]:
    """Visitors for the time of the block."""
    load = VisitorLoad(rate=VISITS_PER_SECOND, seed=plan.number + 1)
    stream = VisitorStream(lab.running.edge_url, from_list(list(islice(trips(7), 300))), load)
    stream.start()
    try:
        yield stream
    finally:
        stream.stop()


def _trouble(scene: Scene, release: str, trouble: Trouble, result: Result) -> None:
    if trouble.when and not _reached(scene.lab, release, trouble.when):
        result.note(f"never came: {trouble}")
        return
    time.sleep(trouble.at)
    result.note(f"begins: {trouble}")
    if trouble.kind in WIRE or trouble.kind == "outage":
        weather = scene.lab.proxy.weather  # type: ignore[union-attr]
        weather.now = [*weather.now, trouble]
        _while_anything_goes_on(scene, trouble.seconds)
        weather.now = [one for one in weather.now if one is not trouble]
        result.note(f"ends: {trouble}")
    elif DEEDS[trouble.kind](scene, release, trouble):
        result.faults[trouble.kind] += 1


def _while_anything_goes_on(scene: Scene, seconds: float) -> None:
    """Wait for this long, or until all uploads have ended: then there is nobody left to suffer."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(1.0, left))
        if all(scene.lab.is_over(one) for one in tuple(scene.uploads)):
            return


def _reached(lab: Place, release: str, phase: str) -> bool:
    end = time.monotonic() + PHASE_SECONDS
    while time.monotonic() < end:
        found = lab.ledger.find(release)
        if found and found.phase == phase:
            return True
        if found and found.phase.is_terminal:
            return False
        time.sleep(POLL_SECONDS)
    return False


def _until_rest(lab: Place, result: Result) -> list[str]:
    """Wait until all is at rest, as the schedule runs on; returns what was not when the time was over."""
    end, tick = time.monotonic() + result.patience, 0.0
    left = ["nothing was looked at"]
    while left and time.monotonic() < end:
        with suppress(HTTPError):
            lab.live()  # well served visitors: they are what ends an alarm
        _calm(lab)
        if time.monotonic() > tick:
            did = lab.tick()
            tick = time.monotonic() + SCHEDULE_SECONDS
            result.note(f"reconciler: {did[:300]}")
        left = _asked(lambda: unrest(lab, result.uploads))
        time.sleep(POLL_SECONDS * 5 if left else 0)
    return left


def _calm(lab: Place) -> None:
    if lab.alarm(QUIET)["StateValue"] == "ALARM":
        lab.set_alarm(QUIET, "OK", "the round is over")
    if lab.alarm(ALARM)["StateValue"] == "ALARM":
        lab.set_alarm(ALARM, "INSUFFICIENT_DATA", "the round is over")


def _after_rest(lab: Place, result: Result, known: Known, scene: Scene) -> list[str]:
    """What must hold at rest, and after one more release while all that was held back lands."""
    known.since, known.undone = result.began, scene.undone
    known.told_at_most = 1 + _tellings_lost(lab, result)
    found = broken(lab, result.uploads, known)
    lab.set_bakes()
    lab.until_calm()
    plain = lab.release()
    result.note(f"uploaded {plain}, a plain release")
    landing = threading.Thread(target=lambda: result.note(f"{lab.proxy.land()} held writes landed"))  # type: ignore[union-attr]
    landing.start()
    result.uploads.append(plain)
    found += [f"after the plain release: {one}" for one in _until_rest(lab, result)]
    landing.join()
    ended = lab.ledger.find(plain)
    if ended and ended.phase != "SUCCEEDED":
        found.append(f"I1: the next plain release ended as {ended.phase}: {ended.reason}")
    after = broken(lab, result.uploads, known)
    return found + [f"after the plain release: {one}" for one in after if one not in found]


def _tellings_lost(lab: Place, result: Result) -> int:
    """How often one end may have been told again: once for each telling without an answer, and once for any death."""
    assert lab.proxy
    lost = sum(one.service == "sns" and one.kind in UNANSWERED for one in lab.proxy.suffered)
    return lost + any(trouble.kind in DEATHS for trouble in result.plan.troubles)


def _remember(lab: Place, result: Result, known: Known) -> None:
    result.deployments = [found for one in result.uploads if (found := lab.ledger.find(one))]
    for one in known.ends:
        known.ends[one] = str(lab.ledger.get(one).phase)
    known.ends.update({one.deployment_id: str(one.phase) for one in result.deployments if one.phase.is_terminal})


def _asked(look: Callable[[], list[str]]) -> list[str]:
    """What is found; when the emulator is too busy to answer, that."""
    with suppress(BotoCoreError, ClientError, AdviceError):
        return look()
    return ["the local AWS does not answer"]
