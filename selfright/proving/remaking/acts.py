"""The controller is made anew, then it releases and rolls back what the old one has released, as findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.account.account import Account, ControllerResources
from selfright.account.rolling_back import start_rollback
from selfright.account.status import restored_in
from selfright.account.watching import DeploymentWatcher, TimedOutError
from selfright.errors import AdviceError
from selfright.proving.fact import Fact
from selfright.proving.facts.alarms import GUARD, until_quiet
from selfright.proving.names import KEY
from selfright.proving.releases.acts import PATIENCE, released, told
from selfright.proving.releases.sources import GOOD, REMADE
from selfright.proving.releases.visitors import Visits, site_of, visiting
from selfright.proving.remaking.blueprint import read
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.obstacles import check_alone, check_stack
from selfright.proving.remaking.remaker import ControllerRemaker, Remade
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.sandbox.records import Records
from selfright.proving.scene import Scene

NAME = "controller_remade"
APPEARS = 1500.0
"""Seconds until an upload is a deployment: S3 may need five minutes until it tells of a new bucket's uploads, and then
the reconciler finds them after a quarter of an hour."""
KNOWN = 120.0
"""Seconds until the new controller's parameter is read."""
HEARD = 300.0
"""Seconds until an alarm's rollback has begun, and until visitors get what was released or restored."""
BUCKET = "ArtifactsBucket"
"""The output of the controller's stack with its bucket."""


@dataclass(frozen=True)
class Remaking:
    """What the fact needs besides its scene; `adopt` gets the account with the new controller."""

    account: Account
    remaker: ControllerRemaker
    copy: LocalCopy
    adopt: Callable[[Account], None]
    make: Callable[[], Account] = Account

    def fact(self) -> Fact:
        """The fact, which comes after all others, because they need the controller."""
        return Fact(
            NAME,
            "environment",
            "Does a controller that was made anew release as the old one did?",
            "Its stack is deleted and created from the template that CloudFormation has of it, with visitors "
            "meanwhile. Then it releases into the untouched sandbox, and an alarm, set by hand, must roll that back.",
            self._measure,
            30,
        )

    def check(self, client: Callable[[str], Any]) -> None:
        """Raise `AdviceError` if the controller may not, or cannot, be made anew here; `client`: boto3's clients."""
        check_alone(self.account)
        check_stack(read(self.remaker.stack), self.remaker.stack, client)

    def _measure(self, scene: Scene) -> Iterator[Finding]:
        """Release once by the old controller if nothing is live; make it anew; release, and roll back by an alarm."""
        status = self.account.ledger.status(KEY)
        if status.held:
            raise AdviceError(f"The sandbox is held: {status.held}")
        self.check(scene.client)
        if status.live is None:
            ended, visits, seconds = released(self.account, scene, self._watcher(self.account, scene), GOOD)
            yield Measured(f"{GOOD} by the old controller", told(ended, visits), (seconds,))
            if ended.phase is not Phase.SUCCEEDED:
                return
        before, old = _seen(scene), self.account.resources
        records = Records(self.account, scene.client, scene.clock)
        records.end()
        records.delete()
        remade, visits = self._made_anew(scene)
        new = self._adopted(scene, remade)
        yield from _remade(remade, old, new.resources)
        yield Measured("visits while there was no controller", f"{visits.failed} of {visits.total} were errors")
        yield from self._released(new, scene, before)

    def _made_anew(self, scene: Scene) -> tuple[Remade, Visits]:
        """Make it anew, with visitors; what forbade it is asked again: the releases before it took their time."""
        with visiting(scene) as visits:
            bucket, check = self.account.resources.bucket, partial(self.check, scene.client)
            return self.remaker.remake(bucket, self.copy, scene.factor, check), visits

    def _adopted(self, scene: Scene, remade: Remade) -> Account:
        """The account with the new controller, once that is what a reader of its parameter finds."""

        def found() -> Account | None:
            account = self.make()
            try:
                return account if account.resources.bucket == remade.outputs[BUCKET] else None
            except AdviceError:
                return None

        account = scene.until("the new controller's parameter", found, KNOWN)
        self.adopt(account)
        return account

    def _watcher(self, account: Account, scene: Scene) -> DeploymentWatcher:
        watcher = DeploymentWatcher(account.ledger, sleep=scene.clock.sleep)
        return replace(watcher, appear_seconds=max(scene.waits(APPEARS), watcher.appear_seconds))

    def _released(self, new: Account, scene: Scene, before: tuple[str, str]) -> Iterator[Finding]:
        """A release by the new controller, what visitors see of it, and an alarm that rolls it back."""
        until_quiet(scene)
        watcher = self._watcher(new, scene)
        ended, visits, seconds = released(new, scene, watcher, REMADE)
        begun = (ended.created_at - ended.upload.uploaded_at).total_seconds()
        yield Measured("from the first upload to its deployment", "", (max(begun, 0.0),))
        yield Measured(f"{REMADE}, which should end as SUCCEEDED", told(ended, visits), (seconds,))
        if ended.phase is not Phase.SUCCEEDED:
            yield NotMeasured("the rest", f"{REMADE} ended as {ended.phase}: {ended.reason or 'no reason is recorded'}")
            return
        yield _reached(scene, (f"api {REMADE}", f"site {REMADE}"), "visitors get what it has released")
        yield self._rolled_back(new, scene, watcher, ended)
        yield _reached(scene, before, "visitors get what was live before")

    def _rolled_back(self, new: Account, scene: Scene, watcher: DeploymentWatcher, deployment: Deployment) -> Finding:
        """Set the guarding alarm by hand; if the new controller does not hear it, roll back by hand."""
        what, deployment_id = "from an alarm to its rollback by the new controller", deployment.deployment_id
        reason = "selfright prove: does the new controller hear it?"
        scene.client("cloudwatch").set_alarm_state(AlarmName=GUARD, StateValue="ALARM", StateReason=reason)
        try:
            watcher.watch(deployment_id, lambda _: None, over=_is_accused, timeout=scene.waits(HEARD))
            ended = watcher.watch(deployment_id, lambda _: None, over=_is_rolled_back, timeout=PATIENCE)
        except TimedOutError:
            by_hand = start_rollback(new, deployment_id, "`selfright prove`: the alarm was not heard")
            watcher.watch(deployment_id, lambda _: None, over=by_hand.is_over, timeout=PATIENCE)
            why = "it was not heard, or its rollback did not end; it was rolled back by hand"
            return NotMeasured(what, why)
        finally:
            scene.client("cloudwatch").set_alarm_state(AlarmName=GUARD, StateValue="OK", StateReason=reason)
        if ended.phase is not Phase.ROLLED_BACK:
            return NotMeasured(what, f"{deployment.version} ended as {ended.phase}: {ended.reason}")
        restored = restored_in(ended)
        return Measured(what, ended.reason, () if restored is None else (restored,))


def _is_accused(deployment: Deployment) -> bool:
    return deployment.phase is not Phase.SUCCEEDED


def _is_rolled_back(deployment: Deployment) -> bool:
    return deployment.phase.is_terminal and deployment.phase is not Phase.SUCCEEDED


def _remade(remade: Remade, old: ControllerResources, new: ControllerResources) -> Iterator[Finding]:
    yield Measured("deleting the controller's stack", "", (remade.deleted,))
    yield Measured("creating it", f"{remade.tries} tries", (remade.created,))
    stay = f"the ledger {old.table} and the bucket {old.bucket}; the new ones are {new.table} and {new.bucket}"
    yield Measured("what stays of the old controller and is yours to delete", stay)


def _seen(scene: Scene) -> tuple[str, str]:
    """What visitors get of the API and of the site."""
    return scene.here("/hello", host="ApiDomain").text, site_of(scene.here("/index.html").text)


def _reached(scene: Scene, wanted: tuple[str, str], what: str) -> Finding:
    """Wait until visitors get this."""
    start = scene.clock.now()
    scene.until(f"{' and '.join(wanted)}", lambda: _seen(scene) == wanted, HEARD)
    return Measured(what, " and ".join(wanted), (scene.since(start),))
