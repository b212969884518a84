"""What `selfright plan --output json` prints: all of the plan. Sizes in bytes, durations in seconds."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from controller.aws.client.pacing import RATE
from selfright.components.planned import ComponentPlan, Refusal
from selfright.planning.model import Plan
from selfright.planning.outlook import Outlook, Unjudged

Document = dict[str, Any]


def plan(one: Plan) -> Document:
    """The whole plan."""
    return {
        "environment": one.environment_key,
        "application": one.application or None,
        "version": one.version or None,
        "digest": one.digest or None,
        "bundle_bytes": one.bundle_size,
        "live_version": one.live_version or None,
        "waits_for": one.waits_for or None,
        "components": [_component(component) for component in one.components],
        "steps": [{"weight": step.weight, "bake": step.bake} for step in one.timing.steps],
        "seconds": {
            "total": one.timing.seconds,
            "bakes": one.timing.bakes,
            "overhead": one.timing.overhead,
            "more_if_extended": one.timing.extended,
            "more_for_tasks": one.timing.tasks,
            "more_for_hooks": one.timing.hooks,
        },
        "lambda_calls": _calls(one),
        "outlooks": [_outlook(outlook) for outlook in one.outlooks],
        "unjudged": _unjudged(one.unjudged) if one.unjudged else None,
        "cannot_be_rolled_back": list(one.irreversible),
        "remarks": list(one.remarks),
        "refused": bool(one.refusals),
        "refusals": [_refusal(refusal) for refusal in one.refusals],
    }


def _calls(one: Plan) -> Document:
    parts = vars(one.calls)
    return {**parts, "total": one.calls.total, "seconds": round(one.calls.total / RATE, 1)}


def _component(one: ComponentPlan) -> Document:
    return {
        "name": one.name,
        "kind": one.kind,
        "wave": one.wave,
        "change": one.change,
        "at_once": one.at_once,
        "indivisible": one.indivisible or None,
        "live": one.live or None,
        "configuration": [
            {"name": each.name, "before": each.before, "after": each.after, "secret": each.secret}
            for each in one.differences
        ],
        "package": _vars(one.package),
        "items": _vars(one.items),
        "transfer": _vars(one.transfer),
        "cannot_be_rolled_back": list(one.risks),
        "refusal": _refusal(one.refusal) if one.refusal else None,
    }


def _outlook(one: Outlook) -> Document:
    """What the judge could see: rates 0 to 1, times in seconds from the first shift, infinite ones null."""
    return {
        "component": one.component,
        "requests_per_second": one.traffic.per_second if one.traffic else None,
        "usual_error_rate": one.traffic.error_rate if one.traffic else None,
        "smallest": _vars(one.smallest),
        "goal": _vars(one.goal),
        "suffices": one.suffices,
        "at_weight": one.weight or None,
        "any_test_needs": one.at_least if isfinite(one.at_least) else None,
        "bake_that_would": one.bake,
        "weight_that_would": one.heavier,
    }


def _unjudged(one: Unjudged) -> Document:
    """The first step with too few requests for a verdict, and what follows from that."""
    return {
        "at_weight": one.weight,
        "expected_requests": round(one.expected, 1),
        "minimum_requests": one.needed,
        "when_inconclusive": one.then,
        "bake_that_would": one.bake,
    }


def _refusal(one: Refusal) -> Document:
    return {"reason": one.reason, "next_step": one.next_step}


def _vars(value: object | None) -> Mapping[str, Any] | None:
    """A dataclass of plain values as a mapping; None stays None."""
    if value is None:
        return None
    return {name: list(member) if isinstance(member, tuple) else member for name, member in vars(value).items()}
