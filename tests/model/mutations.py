"""Faults that are put back into the model, each by name: the search has to find every one of them."""

from dataclasses import dataclass, replace

from tests.model.configurations import ALIAS, POINTER, TWO
from tests.model.rules import Deployment, Id, Lock, Rules
from tests.model.world import FULL, PART, Configuration


class _NoLive(Rules):
    def reopen(self, lock: Lock, deployment: Deployment) -> str:
        return super().reopen(Lock(lock.holder, lock.waiting, deployment.id, lock.held_by), deployment)


class _AnyExecution(Rules):
    def close_back(self, deployment: Deployment, execution: Id) -> str:
        return super().close_back(deployment, deployment.rollback_execution)


class _NoTrip(Rules):
    def forward(self, deployment: Deployment, weight: int) -> str:
        untripped = Deployment(deployment.id, deployment.phase, deployment.granted, weight=deployment.weight)
        return super().forward(untripped, weight)


class _AnyWeight(Rules):
    def forward(self, deployment: Deployment, weight: int) -> str:
        item = Deployment(deployment.id, deployment.phase, deployment.granted, deployment.tripped)
        return super().forward(item, weight)


class _SucceedTripped(Rules):
    def succeed(self, deployment: Deployment) -> str:
        return super().succeed(Deployment(deployment.id, deployment.phase))


class _RefuseTouched(Rules):
    def refuse(self, deployment: Deployment) -> str:
        return ""


class _UnlockAnytime(Rules):
    def reopen(self, lock: Lock, deployment: Deployment) -> str:
        return super().reopen(Lock("", lock.waiting, lock.live, lock.held_by), deployment)


class _Unguarded(Rules):
    def accuse(self, deployment: Deployment) -> str:
        return super().accuse(replace(deployment, kept=True))


class _TaskAfterTrip(Rules):
    def claim_task(self, deployment: Deployment) -> str:
        return super().claim_task(replace(deployment, tripped=False))


@dataclass(frozen=True)
class Mutation:
    """A fault, the bounds within which it is found, and the property that it breaks (the beginning of its name)."""

    name: str
    configuration: Configuration
    breaks: str
    rules: type[Rules] = Rules


def _small(**bounds: object) -> Configuration:
    given = {"changes": (("alias",),) * 2, "kinds": ALIAS, **bounds}
    return Configuration("mutation", "", **given)


def _late(**bounds: object) -> Configuration:
    return _small(**{"live": 1, "alarms": 1, "graces": True, "finishers": False, **bounds})


def _discards(**bounds: object) -> Configuration:
    return _small(**{"discards": True, "finishers": False, **bounds})


def _stages(**bounds: object) -> Configuration:
    return _small(**{"stages": True, "finishers": False, **bounds})


L, REST, TRAFFIC, HELD, WRONG = "(L)", "at rest", "I2", "I1 ", "no write"
BAKE, CLOSE = "I9 a bake", "I9 a rollback"
ABOUT, GUARD = "I10 a late alarm", "I10 an alarm after"
REACHED, NEEDED = "I11 nothing that a visitor", "I11 nothing that a deployment"
OWN, UNDONE, BYPASS = "I12 nobody writes", "I12 what was staged", "I12 whoever bypasses"
TWICE, EARLY, TRIPPED = "I13 no two tasks", "I13 no visitor", "I13 no task is claimed"
THREE = (("alias",),) * 3
UNCHANGED = (("alias",), (), ("alias",))
SAME_AGAIN = {2: 1}

MUTATIONS = {
    one.name: one
    for one in (
        Mutation("claim and lock in two steps", _small(live=1, requests=1), L),
        Mutation("ask without the condition on the phase", _small(lates=1, deaths=1), L),
        Mutation("the lock is released after the end", _small(), L),
        Mutation("a restoration without a permit", _small(lates=1, verdicts=1), TRAFFIC),
        Mutation("a shift reads again without a permit", _small(alarms=1, lates=1), WRONG),
        Mutation("a release that is not live is rolled back", _small(live=1, requests=1), TRAFFIC, _NoLive),
        Mutation("what is there already is not sealed", _small(deaths=1, faults=1), TRAFFIC),
        Mutation("the verification does not ask for the seal", _small(deaths=1, faults=2), TRAFFIC),
        Mutation("the task token is overwritten", _small(lates=1), REST),
        Mutation("attempts are counted", _small(deaths=3, verdicts=1), HELD),
        Mutation("an unanswered read counts as failed", _small(verdicts=1, faults=1), HELD),
        Mutation("a notification blocks a rollback", _small(requests=1), WRONG),
        Mutation(
            "a late close of an older execution",
            _small(changes=(("alias",),), executions=2, deaths=1, lates=1, verdicts=1),
            WRONG,
            _AnyExecution,
        ),
        Mutation(
            "unlock keeps what was live",
            _small(requests=1, hands=1, verdicts=1, changes=(("alias", "other"),), kinds=TWO),
            WRONG,
        ),
        Mutation("the outbox is written after the end", _small(), REST),
        Mutation("what is due is not claimed", _small(reconcilers=2), WRONG),
        Mutation("the reconciler renews the lease", _small(lapses=1), REST),
        Mutation("a late attempt records again", _small(lates=1, alarms=1), TRAFFIC),
        Mutation("permit before the reading", _small(alarms=1), WRONG),
        Mutation("a shift does not ask for the trip", _small(alarms=1), WRONG, _NoTrip),
        Mutation("a shift does not ask for the weight", _small(lates=1, weights=(PART, FULL)), TRAFFIC, _AnyWeight),
        Mutation("a tripped release succeeds", _small(alarms=1), TRAFFIC, _SucceedTripped),
        Mutation("what was touched is rejected", _small(lapses=1), TRAFFIC, _RefuseTouched),
        Mutation("a rollback begins beside the holder", _small(live=1, requests=1), L, _UnlockAnytime),
        Mutation(
            "a pointer's bound is not waited for in a rollback",
            _small(changes=(("pointer",),) * 2, kinds=POINTER, faults=1, deaths=1),
            TRAFFIC,
        ),
        Mutation(
            "a pointer's bound is not waited for before a shift",
            _small(changes=(("pointer",),) * 2, kinds=POINTER, faults=1, lates=1, verdicts=1),
            TRAFFIC,
        ),
        Mutation("a bake does not wait for its step", _small(arrivals=True), BAKE),
        Mutation("an arrival counts for every step", _small(arrivals=True, weights=(PART, FULL)), BAKE),
        Mutation("a rollback does not wait for its restoration", _small(arrivals=True, verdicts=1), CLOSE),
        Mutation("an alarm counts after the guard", _late(), GUARD, _Unguarded),
        Mutation("a late alarm does not ask what is live", _late(), TRAFFIC),
        Mutation("a late alarm stops whoever holds the lock", _late(changes=THREE), ABOUT),
        Mutation("a late alarm is not noted", _late(), REST),
        Mutation("a refused rollback forgets its alarm", _late(), REST),
        Mutation("what is let go is accused", _late(), REST),
        Mutation("a guard ends although it is accused meanwhile", _late(), REST),
        Mutation("a return is noted after the end", _late(deaths=1, verdicts=1), REST),
        Mutation("an overtaking is noted apart from its shift", _late(lates=1, verdicts=1), REST),
        Mutation("an overtaking hides the one before", _late(changes=THREE, verdicts=1), ABOUT),
        Mutation("what changed nothing hides what is live", _late(changes=UNCHANGED), REST),
        Mutation("a discard does not wait for the grace", _discards(verdicts=1), REACHED),
        Mutation("a discard does not look at the lock", _discards(verdicts=1, same=SAME_AGAIN), REACHED),
        Mutation("a release does not wait for deletions", _discards(verdicts=1, same=SAME_AGAIN), NEEDED),
        Mutation("a discard does not look at the others", _discards(verdicts=2, same=SAME_AGAIN), REACHED),
        Mutation("a discard does not look at what is live", _discards(verdicts=1, same=SAME_AGAIN), REACHED),
        Mutation(
            "a discard does not look at the restore point",
            _discards(verdicts=1, same=SAME_AGAIN, changes=THREE),
            NEEDED,
        ),
        Mutation("a late staging asks for no permit", _stages(lates=1, deaths=1), OWN),
        Mutation("a late unstaging asks for no permit", _stages(lates=1, verdicts=1, same=SAME_AGAIN), OWN),
        Mutation("an unstaging that finds nothing does not seal", _stages(lates=1, deaths=1), OWN),
        Mutation("an unstaging does not wait for the restoration", _stages(verdicts=1), UNDONE),
        Mutation("nothing is unstaged", _stages(verdicts=1), BYPASS),
        Mutation("a task runs again at once", _stages(faults=1), TWICE),
        Mutation("a task is not claimed", _stages(lates=1), TWICE),
        Mutation("a task does not wait for that of the release before", _stages(deaths=1), TWICE),
        Mutation("a task that is not done is passed over", _stages(), EARLY),
        Mutation("a task is claimed after a trip", _stages(alarms=1), TRIPPED, _TaskAfterTrip),
    )
}
