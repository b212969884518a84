"""A component that was never live goes to everybody at once, beside others that go by the steps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from controller.domain import newcomers
from controller.domain.checks.verification import outside_checks_of
from controller.domain.deployment import Bake, Counts, Deployment, Revision
from controller.domain.phases import Phase
from controller.flow import test, verify
from controller.flow.judge import judge
from controller.flow.on_alarm import on_alarm
from controller.flow.shared.synthetic_requests import send
from controller.flow.shift import shift
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    CANARY,
    JUDGE,
    KEY,
    RESTORED,
    STABLE,
    a_world,
    an_environment,
    at_weight,
    live,
    on_its_way,
)

API_ONLY, SITE_ONLY = {"api": STABLE["api"]}, {"site": STABLE["site"]}


def released(world: FakeWorld, staged: Mapping[str, Revision], **fields: Any) -> None:  # noqa: ANN401 - any field
    """The release that is live has brought these components, and none was before it."""
    before = {"staged": dict(staged), "previous": "", "checks": (), **fields}
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), **before)


def staged(live_release: Mapping[str, Revision], **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A release of both components is staged; the one that is live had these."""
    world = a_world()
    on_its_way(world, Phase.STAGING, **{"steps": (), **fields})
    released(world, live_release)
    world.guards.open("d2", [ALARM])
    return world


def planned(world: FakeWorld) -> Deployment:
    """The deployment when its steps are planned."""
    assert test.test_staged(world, "d2").outcome == "healthy"
    return world.deployments.get("d2")


def at_the_first_step(live_release: Mapping[str, Revision] = API_ONLY) -> FakeWorld:
    """What was live has its canary at 10 %, and what is new all visitors."""
    world = staged(live_release)
    planned(world)
    shift(world, "d2", 0)
    return world


def told(world: FakeWorld, kind: str) -> list[str]:
    """What the timeline says."""
    return [event.message for event in world.deployments.events["d2"] if event.kind == kind]


def test_only_newcomers_go_to_everybody_in_one_step() -> None:
    """There is nobody to compare with, whatever the strategy says."""
    deployment = planned(staged(SITE_ONLY, staged={"api": CANARY["api"], "site": STABLE["site"]}))
    assert deployment.changed == deployment.newcomers == ("api",)
    assert [(step.weight, step.bake) for step in deployment.steps] == [(100, 300)]


def test_what_was_live_goes_by_the_steps_all_the_same() -> None:
    """It is written down who is new, and told."""
    world = staged(API_ONLY)
    deployment = planned(world)
    assert [step.weight for step in deployment.steps] == [10, 100]
    assert (deployment.newcomers, deployment.served_before) == (("site",), ("api",))
    (said,) = told(world, "newcomers")
    assert ": site." in said


def test_newcomers_get_all_visitors_at_the_first_step() -> None:
    """And keep them at the next one, while the others follow."""
    world = at_the_first_step()
    assert live(world) == {"api": ("6", 10), "site": ("bb", 0)}
    assert told(world, "shifted") == ["10 % of the visitors get version 2.0.0; all visitors get what is new: site."]
    shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert told(world, "shifted")[1:] == ["100 % of the visitors get version 2.0.0."]


def test_an_alarm_puts_newcomers_back_too() -> None:
    """To what was there before any release: whatever it was, it is as it was."""
    world = at_the_first_step()
    on_alarm(world, ALARM, "5 > 1")
    assert live(world) == RESTORED


def test_a_first_deployment_has_newcomers_only() -> None:
    """No release is live, so none has brought anything; nobody has to be told."""
    world = staged(API_ONLY, previous="")
    deployment = planned(world)
    assert (deployment.newcomers, [step.weight for step in deployment.steps]) == (("api", "site"), [100])
    assert told(world, "newcomers") == []


def test_what_an_older_release_had_is_not_new() -> None:
    """A release may leave a component out; its revision serves on."""
    world = staged(API_ONLY)
    released(world, API_ONLY, served_before=("site",))
    assert planned(world).newcomers == ()


@pytest.mark.parametrize("before", ["gone", "d1"])
def test_what_cannot_be_known_goes_by_the_steps(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When an ancestor is gone, or there are too many of them, nothing is taken for new."""
    monkeypatch.setattr(newcomers, "MAX_RELEASES_READ", 3)
    world = staged(API_ONLY)
    released(world, API_ONLY, previous=before)
    deployment = planned(world)
    assert (deployment.served_before, deployment.newcomers) == (None, ())
    assert [step.weight for step in deployment.steps] == [10, 100]


CHECKS = ('{"component":"api","path":"/new"}', '{"component":"site","path":"/"}')


def test_newcomers_are_verified_from_the_first_step_on() -> None:
    """Only the new release promises anything of them; of the others, both have to."""
    world = at_the_first_step()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=CHECKS)
    assert verify.verify(world, "d2", 0).outcome == "healthy"
    assert world.probe.asked == ["https://site.example/"]


def test_an_older_promise_does_not_excuse_a_newcomer() -> None:
    """Everybody gets the new revision, so that only its own answer is right."""
    world = at_the_first_step()
    released(world, API_ONLY, checks=CHECKS)
    world.probe.wrong = ["no", "no", "no"]
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=CHECKS[1:])
    assert verify._expected(world, world.deployments.get("d2"))[1] == outside_checks_of(
        replace(world.deployments.get("d1"), checks=CHECKS[:1])
    )
    assert verify.verify(world, "d2", 0).outcome == "unhealthy"


def baking(live_release: Mapping[str, Revision], counts: Mapping[str, Counts], **judge: Any) -> FakeWorld:  # noqa: ANN401
    """The bake of the first step, with these requests by version of the API."""
    world = at_the_first_step(live_release)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, **judge})
    bake = Bake(0, START, world.deployments.get("d2").updated_at)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), bake=bake)
    world.metrics.known = dict(counts)
    world.clock.forward(30)
    return world


def test_newcomers_are_not_compared() -> None:
    """What the placeholder answered says nothing about the release, neither for it nor against it."""
    world = baking(SITE_ONLY, {"7": Counts(1000, 300), "6": Counts(10, 0)})
    assert judge(world, "d2", 0).verdict == "healthy"
    assert world.evaluations.all("d2")[-1].data == "uncompared"


def test_the_same_figures_condemn_what_was_live() -> None:
    """It is the comparison that is left out, and nothing else."""
    world = baking({**API_ONLY, **SITE_ONLY}, {"7": Counts(1000, 300), "6": Counts(1000, 0)})
    at_weight(world, 10)
    assert judge(world, "d2", 0).verdict == "unhealthy"


def test_limits_hold_for_newcomers_from_the_first_step_on() -> None:
    """As for everything that all visitors get."""
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world = baking(SITE_ONLY, {"7": Counts(1000, 300), "6": Counts(10, 0)}, limits=limits)
    card = judge(world, "d2", 0)
    assert (card.verdict, "limit of 10 %" in card.reason) == ("unhealthy", True)


def test_limits_hold_for_newcomers_beside_what_is_compared() -> None:
    """One function is compared and well, the other is new and over its limit."""
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world = baking({**API_ONLY, **SITE_ONLY}, {"7": Counts(100, 0), "6": Counts(900, 0), "9": Counts(1000, 300)})
    known = an_environment().model_dump()["components"]
    ai = {"kind": "function", "function_name": "ai"}
    world.environments.known[KEY] = an_environment(components={**known, "ai": ai}, judge={**JUDGE, "limits": limits})
    deployment = world.deployments.get("d2")
    world.deployments.known["d2"] = replace(
        deployment,
        staged={**deployment.staged, "ai": Revision("9")},
        restore_point={**STABLE, "ai": Revision("1")},
    )
    assert world.deployments.get("d2").newcomers == ("ai",)
    card = judge(world, "d2", 0)
    assert (card.verdict, card.reason.partition(":")[0]) == ("unhealthy", "ai")


def test_no_requests_are_sent_for_what_is_not_compared() -> None:
    """They would be divided between nobody."""
    world = at_the_first_step(SITE_ONLY)
    environment = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    assert send(world, environment, world.deployments.get("d2")) == 0
