"""What `--output json` prints: the shape is kept, new keys may come.

| command | document |
|---|---|
| `release`, `retry`, `watch`, `rollback`, `status DEPLOYMENT` | a deployment |
| `show DEPLOYMENT` | a deployment with its `timeline` |
| `explain DEPLOYMENT` | a deployment with its `explanation` (five sentences) and all `evaluations` |
| `history APP/ENV` | `{"environment", "deployments": [a deployment, …]}` |
| `status APP/ENV` | an environment |
| `status` | `{"environments": [an environment, …]}` |
| `release --no-watch`, `retry --no-watch` | `{"deployment_id", "upload"}` |
| `resume` | `{"deployment_id", "resumed"}` |
| `unlock` | `{"environment", "deployment_id", "unlocked"}` |
| `restore` | `{"deployment_id", "environment", "restored", "steps": [{"component", "what", "text"}, …], "trouble"}` |
| `plan` | see `plan_document` |
| `backtest` | see `backtest_page` |
| `doctor` | see `doctor_page` |
| `bundle` | `{"bundle", "application", "version", "bytes", "remarks"}` |
| `logs` | one document a line: `at`, `source`, `version`, `side`, `level`, `message`, `record`, … |
| any that failed | `{"error": {"message", "next_step"}}` |

Times are ISO 8601 in UTC, durations seconds, shares 0 to 1, weights percent; unknown values are null. Task tokens are
never printed: with one, a program could answer for the deployment.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation, Revision
from controller.domain.timeline import TimelineEvent
from selfright.account.comparing import ComparedEnvironment
from selfright.account.status import (
    DeploymentRecord,
    EnvironmentStatus,
    back_in,
    finished_in,
    is_blind,
    is_paused,
    restored_in,
)

Document = dict[str, Any]


def deployment(one: Deployment) -> Document:
    """A deployment: its identity, its state, its evaluation, and its end."""
    return {**_what(one), **_stands(one), **_seen(one), **_ended(one)}


def record(one: DeploymentRecord, *, timeline: bool = False) -> Document:
    """A deployment and the version that was live before; with `timeline`, everything that happened to it."""
    document = {**deployment(one.deployment), "previous_version": one.previous_version or None}
    return {**document, "timeline": [event(happened) for happened in one.timeline]} if timeline else document


def event(happened: TimelineEvent) -> Document:
    """A line of the timeline: `at`, `kind`, `message`."""
    return {"at": _time(happened.at), "kind": happened.kind, "message": happened.message}


def status(one: EnvironmentStatus, in_aws: ComparedEnvironment) -> Document:
    """An environment: its key, why it is `held`, the deployments `live`, `on_its_way` and `waiting`, and `compared`."""
    return {
        "environment": one.environment_key,
        "held": one.held or None,
        "live": deployment(one.live) if one.live else None,
        "on_its_way": deployment(one.on_its_way) if one.on_its_way else None,
        "waiting": deployment(one.waiting) if one.waiting else None,
        "compared": compared(in_aws),
    }


def compared(in_aws: ComparedEnvironment) -> Document:
    """Whether an environment's components are as the live release left them; `why_not` when that was not compared."""
    return {
        "why_not": in_aws.why_not or None,
        "components": [{**vars(each), "reason": each.reason or None} for each in in_aws.components],
    }


def _what(one: Deployment) -> Document:
    return {
        "deployment_id": one.deployment_id,
        "application": one.application,
        "environment": one.environment,
        "version": one.version or None,
        "digest": one.digest or None,
        "upload": {"bucket": one.upload.bucket, "key": one.upload.key, "version_id": one.upload.version_id},
        "components": list(one.components),
        "waves": [list(wave) for wave in one.order],
        "changed": list(one.changed),
        "staged": _revisions(one.staged),
        "restore_point": _revisions(one.restore_point or {}),
    }


def _stands(one: Deployment) -> Document:
    bake = one.bake and {
        "step": one.bake.step,
        "started_at": _time(one.bake.started_at),
        "ends_at": _time(one.bake.ends_at),
        "waits_until": _time(one.bake.waits_until),
        "extended": one.bake.extended,
    }
    return {
        "phase": str(one.phase),
        "paused": is_paused(one),
        "blind": is_blind(one),
        "weight": one.weight,
        "written": one.written
        and {
            "weight": one.written.weight,
            "at": _time(one.written.at),
            "arrived_at": _time(one.written.arrived_at),
            "seen_at": _time(one.written.seen_at),
        },
        "steps": [{"weight": step.weight, "bake": step.bake} for step in one.steps],
        "bake": bake,
    }


def _seen(one: Deployment) -> Document:
    trip = one.trip and {
        "at": _time(one.trip.at),
        "fired_at": _time(one.trip.fired_at),
        "data_until": _time(one.trip.data_until),
        "source": one.trip.source,
        "reason": one.trip.reason,
    }
    return {"evaluation": evaluation(one.evaluation) if one.evaluation else None, "trip": trip}


def evaluation(one: Evaluation) -> Document:
    """An evaluation of the judge: both sides' counts and every comparison, since the first evaluation."""
    return {
        "at": _time(one.at),
        "step": one.step,
        "weight": one.weight,
        "data": one.data,
        "verdict": one.verdict,
        "reason": one.reason,
        "canary": _counts(one.canary),
        "stable": _counts(one.stable),
        "share": one.share,
        "e_value": one.e_value,
        "limit": one.limit,
        "low": one.low,
        "high": one.high,
        "firing": list(one.firing),
        "comparisons": [_comparison(each) for each in one.comparisons],
    }


def _comparison(one: Comparison) -> Document:
    counts = {"canary": _counts(one.canary), "stable": _counts(one.stable)}
    return {**vars(one), **counts}


def _ended(one: Deployment) -> Document:
    return {
        "reason": one.reason or None,
        "next_step": one.next_step or None,
        "uploaded_at": _time(one.upload.uploaded_at),
        "updated_at": _time(one.updated_at),
        "traffic_restored_at": _time(one.traffic_restored_at),
        "closed_at": _time(one.closed_at),
        "seconds": finished_in(one),
        "seconds_to_restore": restored_in(one),
        "seconds_until_back": back_in(one),
        "execution_arn": one.execution_arn,
        "rollback_execution_arn": one.rollback_execution_arn or None,
    }


def _revisions(revisions: Mapping[str, Revision]) -> Document:
    return {name: revision.id for name, revision in sorted(revisions.items())}


def _counts(counts: Counts) -> Document:
    return {"requests": counts.requests, "errors": counts.errors, "error_rate": counts.error_rate}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
