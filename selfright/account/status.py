"""What the command line shows of deployments and environments: plain values, made by the ledger's reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.deployment import Deployment
from controller.domain.judging.verdict import BLINDNESS, MISSING, Verdict
from controller.domain.timeline import TimelineEvent
from controller.domain.version_order import is_older


@dataclass(frozen=True)
class DeploymentRecord:
    """A deployment with everything that happened to it; `previous` is the one that was live before, if any."""

    deployment: Deployment
    timeline: tuple[TimelineEvent, ...] = ()
    previous: Deployment | None = None

    @property
    def previous_version(self) -> str:
        """The version that was live before; "" when there was none."""
        return self.previous.version if self.previous else ""


@dataclass(frozen=True)
class EnvironmentStatus:
    """The status of an environment.

    `live` is the deployment whose release is live, `on_its_way` holds the lock, `waiting` is the one after it;
    `held` says why no deployment may start ("" when they may), and `held_by` is the deployment that this is about.
    """

    environment_key: str
    live: Deployment | None = None
    on_its_way: Deployment | None = None
    waiting: Deployment | None = None
    held: str = ""
    held_by: Deployment | None = None

    @property
    def deployments(self) -> Sequence[Deployment]:
        """All deployments of this status."""
        return [one for one in (self.live, self.on_its_way, self.waiting) if one]


def older_than_live(deployments: Sequence[Deployment]) -> dict[str, str]:
    """Of those releases that brought an older version than the one that was live: their ids → that version."""
    known = {one.deployment_id: one.version for one in deployments}
    before = {one.deployment_id: known.get(one.previous, "") for one in deployments}
    return {one.deployment_id: then for one in deployments if is_older(one.version, then := before[one.deployment_id])}


def is_paused(deployment: Deployment) -> bool:
    """Whether the deployment is paused for a person: too few requests for a verdict, and the policy is `pause`."""
    bake, evaluation = deployment.bake, deployment.evaluation
    if not (bake and evaluation and deployment.pause_tokens) or deployment.trip or deployment.phase.is_terminal:
        return False
    over = bake.extended and not bake.concluded and evaluation.at >= bake.ends_at
    return over and evaluation.verdict in MISSING


def is_blind(deployment: Deployment) -> bool:
    """Whether nothing has looked at the release: neither a check nor an alarm nor a request."""
    evaluated = deployment.evaluation.verdict if deployment.evaluation else ""
    return BLINDNESS in {deployment.unjudged, deployment.reason} or evaluated == Verdict.BLIND


def finished_in(deployment: Deployment) -> float | None:
    """Seconds from the upload to the end of the deployment; None while it goes on."""
    return seconds_between(deployment.upload.uploaded_at, deployment.closed_at)


def restored_in(deployment: Deployment) -> float | None:
    """Seconds from the trip (or from the alarm's change of state) until all traffic was set back to stable.

    That is when it was written; see `back_in`. None when that did not happen.
    """
    trip = deployment.trip
    return seconds_between(trip.fired_at or trip.at, deployment.traffic_restored_at) if trip else None


def back_in(deployment: Deployment) -> float | None:
    """Seconds from the trip (or from the alarm's change of state) until the restoration arrived at the visitors.

    None when that did not happen (yet), or was not seen.
    """
    trip, written = deployment.trip, deployment.written
    if trip is None or written is None or written.weight:
        return None
    return seconds_between(trip.fired_at or trip.at, written.arrived_at)


def seconds_between(start: datetime, end: datetime | None) -> float | None:
    """Seconds from one moment to the other, at least 0."""
    return max(0.0, (end - start).total_seconds()) if end else None
