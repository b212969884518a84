"""The three releases and a rollback by hand, as findings."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.account.account import Account
from selfright.account.releasing import release
from selfright.account.rolling_back import start_rollback
from selfright.account.status import restored_in
from selfright.account.watching import DeploymentWatcher
from selfright.proving.fact import Fact
from selfright.proving.facts.alarms import until_quiet
from selfright.proving.names import KEY
from selfright.proving.releases.sources import BAD, BETTER, GOOD, write
from selfright.proving.releases.visitors import Visits, visiting
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene

RELEASES = "releases"
PATIENCE = 3600.0
ENDS = {GOOD: Phase.SUCCEEDED, BETTER: Phase.SUCCEEDED, BAD: Phase.ROLLED_BACK}


def releasing(account: Account) -> Fact:
    """The fact about the controller itself: three releases, then a rollback by hand."""

    def measure(scene: Scene) -> Iterator[Finding]:
        watcher = DeploymentWatcher(account.ledger, sleep=scene.clock.sleep)
        deployments: list[Deployment] = []
        until_quiet(scene)
        for version, ends in ENDS.items():
            ended, visits, seconds = released(account, scene, watcher, version)
            deployments.append(ended)
            yield Measured(f"{version}, which should end as {ends}", told(ended, visits), (seconds,))
            if ended.phase is not ends:
                why = f"{version} ended as {ended.phase}: {ended.reason or 'no reason is recorded'}"
                yield NotMeasured("the rest", why)
                return
        if (restored := restored_in(deployments[-1])) is not None:
            yield Measured("from the trip of the bad release to its traffic's restoration", "", (restored,))
        yield _rolled_back(account, scene, watcher, deployments[1])

    return Fact(
        RELEASES,
        "environment",
        "Do releases end as they should, and what do visitors suffer?",
        "Two good releases and a bad one, with visitors from this machine; then the second is rolled back by hand.",
        measure,
        40,
    )


def released(
    account: Account, scene: Scene, watcher: DeploymentWatcher, version: str
) -> tuple[Deployment, Visits, float]:
    """Release this version with visitors; returns how it ended, what they were answered, and the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="selfright-prove-") as folder, visiting(scene) as visits:
        sent = release(account, write(version, Path(folder) / "release"), KEY)
        start = scene.clock.now()
        ended = watcher.watch(sent.deployment_id, lambda _: None, timeout=PATIENCE)
        return ended, visits, scene.since(start)


def told(ended: Deployment, visits: Visits) -> str:
    """How a release ended, and what visitors suffered, in words."""
    reason = f" ({ended.reason})" if ended.reason else ""
    if ended.version == GOOD:
        return f"{ended.phase}{reason}; before it, nothing was live"
    return f"{ended.phase}{reason}; {visits.failed} of {visits.total} visits were errors"


def _rolled_back(account: Account, scene: Scene, watcher: DeploymentWatcher, deployment: Deployment) -> Finding:
    """Roll the live release back, and see when visitors are no longer answered by it."""
    what = f"{deployment.version}, rolled back by hand"
    with visiting(scene) as visits:
        start = scene.clock.now()
        rollback = start_rollback(account, deployment.deployment_id, "`selfright prove` rolls back")
        ended = watcher.watch(deployment.deployment_id, lambda _: None, over=rollback.is_over, timeout=PATIENCE)
        seconds = scene.since(start)
    if refused := rollback.refusal(ended):
        return NotMeasured(what, refused)
    return Measured(what, told(ended, visits), (seconds,))
