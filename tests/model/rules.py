"""Which write of shared state is legal in which state: the protocol's guards, in one place.

Each method takes what is in the ledger at the moment at which a write takes effect, and returns "" when it may, or the
reason why not. The model obeys them; the monitor holds the real code to them. A mutation is a subclass that forgets
one of them. `Lock` and `Deployment` are the parts of the real items that matter; ids are texts there, numbers here.
"""

from dataclasses import dataclass

from controller.domain.phases import MOVING, TOUCHED, UNTOUCHED, Phase

HOLDING = TOUCHED | {Phase.ROLLING_BACK}
"""Phases in which a deployment holds the lock; in QUEUED it does so if it has a fencing token."""
Id = str | int
"""A deployment or an execution; "" and 0 are none."""


@dataclass(frozen=True)
class Lock:
    """The environment's lock: who holds it, who waits, which deployment is live, whose failed rollback holds it."""

    holder: Id = ""
    waiting: Id = ""
    live: Id = ""
    held_by: Id = ""


@dataclass(frozen=True)
class Deployment:
    """A deployment's item: `granted` says that it has a fencing token, `shifted` that a first shift has begun.

    `kept` says that it has ended, and that its grace is not over: it is guarded, or what it staged is kept.
    """

    id: Id
    phase: Phase
    granted: bool = False
    tripped: bool = False
    weight: int = 0
    shifted: bool = False
    rollback_execution: Id = ""
    kept: bool = False


def holds(deployment: Deployment) -> bool:
    """Whether the deployment's item says that it holds the lock: the right side of (L)."""
    return deployment.phase in HOLDING or (deployment.phase is Phase.QUEUED and deployment.granted)


class Rules:
    """The guards. Every method: "" when the write is legal, or the reason why it is not."""

    def ask(self, deployment: Deployment) -> str:
        """Ask for the lock, or append a task token: only before the end, and before anything is touched."""
        return _unless(deployment.phase in UNTOUCHED, f"it is {deployment.phase}")

    def record(self, deployment: Deployment) -> str:
        """Write the restore point, once: QUEUED → STAGING."""
        return (
            _unless(deployment.phase is Phase.QUEUED, f"it is {deployment.phase}")
            or _unless(deployment.granted, "it does not hold the lock")
            or _unless(not deployment.tripped, "it has a trip")
        )

    def trip(self, deployment: Deployment) -> str:
        """Write the trip; the first reason stays, and what has ended is left alone."""
        return _unless(deployment.phase in MOVING, f"it is {deployment.phase}") or _unless(
            not deployment.tripped, "it has a trip"
        )

    def forward(self, deployment: Deployment, weight: int) -> str:
        """Begin a shift to this weight, or permit a component's write of it."""
        return (
            _unless(deployment.phase in TOUCHED, f"it is {deployment.phase}")
            or _unless(deployment.granted, "it does not hold the lock")
            or _unless(not deployment.tripped, "it has a trip")
            or _unless(deployment.weight <= weight, f"it is at {deployment.weight} already")
        )

    def begin_shift(self, deployment: Deployment, weight: int) -> str:
        """Write the weight before the first component gets it."""
        return self.forward(deployment, weight)

    def stage(self, deployment: Deployment) -> str:
        """Permit a write into what a component itself has, for staging."""
        return (
            _unless(deployment.phase in TOUCHED, f"it is {deployment.phase}")
            or _unless(deployment.granted, "it does not hold the lock")
            or _unless(not deployment.tripped, "it has a trip")
        )

    def claim_task(self, deployment: Deployment) -> str:
        """Claim a task, and permit its invocation: before any visitor, and never on the way back."""
        return _unless(deployment.phase is Phase.STAGING, f"it is {deployment.phase}") or _unless(
            not deployment.tripped, "it has a trip"
        )

    def unstage(self, deployment: Deployment) -> str:
        """Permit a write into what a component itself has, for the way back."""
        return _unless(deployment.phase is Phase.ROLLING_BACK, f"it is {deployment.phase}")

    def write_in_place(self, deployment: Deployment, way: str) -> str:
        """What must be true when such a write takes effect, however long after its permit."""
        if way == "back":
            return self.unstage(deployment)
        return _unless(deployment.phase in TOUCHED | {Phase.ROLLING_BACK}, f"it is {deployment.phase}")

    def back(self, deployment: Deployment) -> str:
        """Permit the restoration of a component."""
        going_back = deployment.phase is Phase.ROLLING_BACK or (deployment.phase in TOUCHED and deployment.tripped)
        return _unless(going_back, f"it is {deployment.phase}, trip: {deployment.tripped}")

    def succeed(self, deployment: Deployment) -> str:
        """Close as SUCCEEDED."""
        return _unless(deployment.phase in TOUCHED, f"it is {deployment.phase}") or _unless(
            not deployment.tripped, "it has a trip"
        )

    def refuse(self, deployment: Deployment) -> str:
        """Close as REJECTED or SUPERSEDED: nothing was touched."""
        return _unless(deployment.phase in UNTOUCHED, f"it is {deployment.phase}")

    def close_back(self, deployment: Deployment, execution: Id) -> str:
        """Close as ROLLED_BACK or ROLLBACK_FAILED: only by the execution that has claimed the rollback."""
        return _unless(deployment.phase is Phase.ROLLING_BACK, f"it is {deployment.phase}") or _unless(
            deployment.rollback_execution == execution, "another execution has claimed its rollback"
        )

    def claim(self, deployment: Deployment, *, former_runs: bool) -> str:
        """Claim the rollback of a deployment on its way; `former_runs`: the execution that has it still runs.

        The write is conditional on `rollback_execution` as read, because of two that take over at once one comes late.
        """
        return _unless(
            deployment.phase in TOUCHED or (deployment.phase is Phase.ROLLING_BACK and not former_runs),
            f"it is {deployment.phase}" + (", and its execution runs" if former_runs else ""),
        )

    def reopen(self, lock: Lock, deployment: Deployment) -> str:
        """Begin the rollback of a deployment that has ended."""
        if deployment.phase is Phase.SUCCEEDED:
            return (
                _unless(lock.live == deployment.id, "it is not live")
                or _unless(not lock.holder, "the lock is held")
                or _unless(not lock.held_by, "the environment is held")
            )
        return (
            _unless(deployment.phase is Phase.ROLLBACK_FAILED, f"it is {deployment.phase}")
            or _unless(lock.held_by == deployment.id, "the environment is not held because of it")
            or _unless(not lock.holder, "the lock is held")
        )

    def bake(self, deployment: Deployment, *, arrived: bool) -> str:
        """Begin the bake of the present step: when that has arrived; or if it has a trip, so that the bake ends."""
        return _unless(deployment.phase in TOUCHED, f"it is {deployment.phase}") or _unless(
            arrived or deployment.tripped, f"its step of {deployment.weight} has not arrived"
        )

    def restored(self, deployment: Deployment, *, arrived: bool) -> str:
        """Close as ROLLED_BACK: when visitors are back, as far as that can be seen; if they were ever led away."""
        return _unless(arrived or not deployment.shifted, "its restoration has not arrived")

    def note_change(self, deployment: Deployment, weight: int) -> str:
        """Note that a change of traffic was written or has arrived; the weight 0 is the way back."""
        if weight:
            return _unless(deployment.phase in TOUCHED | {Phase.ROLLING_BACK}, f"it is {deployment.phase}")
        going_back = deployment.phase is Phase.ROLLING_BACK or (deployment.phase in MOVING and deployment.tripped)
        return _unless(going_back, f"it is {deployment.phase}, trip: {deployment.tripped}")

    def accuse(self, deployment: Deployment) -> str:
        """Note an alarm that comes after the end of a release: as long as it is guarded."""
        return _unless(deployment.phase is Phase.SUCCEEDED, f"it is {deployment.phase}") or _unless(
            deployment.kept, "it is not guarded any more"
        )

    def stop(self, lock: Lock, accused: Deployment) -> str:
        """Trip the holder of the lock because the release that it stands on is accused."""
        return _unless(lock.live == accused.id, "it does not stand on the accused release") or _unless(
            lock.holder not in {"", 0, accused.id}, "nobody else holds the lock"
        )

    def overtake(self, deployment: Deployment) -> str:
        """Note on a release that visitors are led to the next one, or back from it: only what has ended well."""
        return _unless(deployment.phase is Phase.SUCCEEDED, f"it is {deployment.phase}")

    def keep_quiet(self, lock: Lock) -> str:
        """Let the next holder wait for deletions, and begin them: only while nobody holds the lock."""
        return _unless(not lock.holder, f"{lock.holder} holds the lock")

    def discard(self, deployment: Deployment, *, over: bool) -> str:
        """Delete what was staged: of what was rolled back, when its grace is over."""
        return (
            _unless(deployment.phase is Phase.ROLLED_BACK, f"it is {deployment.phase}")
            or _unless(deployment.kept, "what it staged is not kept (any more)")
            or _unless(over, "some visitors may still be led to it")
        )

    def unlock(self, lock: Lock, deployment: Deployment) -> str:
        """Accept a failed rollback as it is."""
        return _unless(lock.held_by == deployment.id, "nothing is held because of it") or _unless(
            not lock.holder, "it is being rolled back again"
        )

    def land(self, deployment: Deployment, way: str, on: str) -> str:
        """What may be true when a component's write takes effect, however long after its permit.

        `way` is `forward` or `back`; `on` is the way of the deployment's own write that it replaces, "" for any other.
        """
        if not holds(deployment) or deployment.phase is Phase.QUEUED:
            return f"it is {deployment.phase}, so what it wrote before should have lost its condition"
        if way == "back":
            return self.back(deployment)
        return _unless(on != "back", "a shift lands on its own restoration") or _unless(
            deployment.shifted, "no shift has begun"
        )


def _unless(fine: bool, reason: str) -> str:
    return "" if fine else reason
