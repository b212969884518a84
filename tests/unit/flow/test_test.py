"""Test staged release: the checks before traffic, the next wave, and the steps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from controller.aws.ledger.table import marshal
from controller.aws.notifications import SnsNotifications
from controller.domain import history
from controller.domain.checks.check import Answer, Check, CheckResult, check_answer
from controller.domain.checks.verification import AnyCheck
from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from controller.errors import RefusedError
from controller.flow.shared.lease import PAUSE_SECONDS
from controller.flow.shared.pending import FIRST_PAUSE
from controller.flow.stage import stage
from controller.flow.test import test_staged as run_tests
from selfright.account.status import DeploymentRecord
from selfright.cli.views import documents
from tests.fake_components import FakeComponent
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    API_ONLY,
    CANARY,
    CHECKS,
    KEY,
    PLACED,
    SITE_ONLY,
    SLOW,
    STABLE,
    a_hooked_world,
    an_environment,
    messages,
    planned,
    released,
    roll_back,
    slow,
    staged,
    staged_beside,
    tripped,
)


def test_a_good_canary_gets_its_steps() -> None:
    """The plan is in the ledger, and in the document that the workflow maps over."""
    world = staged()
    card = run_tests(world, "d2")
    assert [(step.index, step.weight, step.bake) for step in card.steps] == [(0, 10, 60), (1, 100, 300)]
    assert all(step.guard_timeout > 2 * step.bake for step in card.steps)
    assert [step.weight for step in world.deployments.get("d2").steps] == [10, 100]


def test_a_guard_outlives_a_pause() -> None:
    """A person who has a week to decide is not overtaken by the guard's timeout."""
    world = staged()
    world.environments.known[KEY] = an_environment(judge={"when_inconclusive": "pause"})
    assert run_tests(world, "d2").steps[0].guard_timeout > PAUSE_SECONDS


def test_the_first_deployment_gets_all_visitors_at_once() -> None:
    """There was nothing before that could be compared or protected."""
    assert [step.weight for step in run_tests(staged(previous=""), "d2").steps] == [100]


def with_settings(**changed: str) -> FakeWorld:
    """A staged release with parameters, in which only these components are changed."""
    known = an_environment().model_dump()["components"]
    settings = {"kind": "parameters", "prefix": "/smartpack/prod/settings"}
    world = staged(
        restore_point={**STABLE, "settings": Revision("s1")},
        staged={**STABLE, "settings": Revision("s1"), **{name: Revision(id_) for name, id_ in changed.items()}},
    )
    world.environments.known[KEY] = an_environment(components={**known, "settings": settings})
    world.components.known["settings"] = FakeComponent("s1", next="s2")
    return world


def test_what_cannot_be_divided_gets_all_visitors_at_once() -> None:
    """A release that changes parameters alone does not wait through steps in which nothing would happen."""
    steps = run_tests(with_settings(settings="s2"), "d2").steps
    assert [(step.weight, step.bake) for step in steps] == [(100, 300)]


def test_together_with_a_function_it_follows_the_strategy() -> None:
    """The code has its canary, and the parameters follow at the last step."""
    steps = run_tests(with_settings(settings="s2", api="7"), "d2").steps
    assert [step.weight for step in steps] == [10, 100]


def test_an_unchanged_release_has_no_steps() -> None:
    """Nothing is shifted, and nothing bakes."""
    assert run_tests(staged(staged=STABLE), "d2").steps == ()


OUTSIDE = ('{"component":"site","path":"/new","only":"outside"}',)


def test_the_checks_of_an_unchanged_release_run_before_it_ends() -> None:
    """Its checks may be all that is new: they are made of the revisions that are live, and from outside."""
    world = staged(staged=STABLE, checks=(*CHECKS, *OUTSIDE))
    assert run_tests(world, "d2").outcome == "healthy"
    assert messages(world, "tested") == [f"{name}: 1 check passed before traffic." for name in ("api", "site")]
    assert world.probe.asked == ["https://api.example/health", "https://site.example/", "https://site.example/new"]


def test_an_unchanged_release_whose_check_of_the_live_revision_fails_is_not_live() -> None:
    """A later rollback would be verified by it, and could never end well."""
    world = staged(staged=STABLE)
    world.components.known["site"].failing = {"aa"}
    answer = run_tests(world, "d2")
    assert (answer.outcome, world.deployments.get("d2").is_condemned) == ("unhealthy", True)


def test_an_unchanged_release_whose_check_from_outside_fails_is_not_live() -> None:
    """What only a visitor can ask is asked like that."""
    world = staged(staged=STABLE, checks=OUTSIDE)
    world.probe.wrong = ["no", "no", "no"]
    answer = run_tests(world, "d2")
    assert answer.outcome == "unhealthy"
    assert "Check failed from outside, of what is live: GET /new of site: no" in str(answer.reason)


def test_what_did_not_change_is_checked_beside_what_did() -> None:
    """The release promises it all; but a load is put only on what no visitor uses."""
    load = '{"component":"api","kind":"load","path":"/load","p95_ms":100}'
    world = staged(staged={"api": STABLE["api"], "site": CANARY["site"]}, checks=(*CHECKS, load))
    run_tests(world, "d2")
    assert messages(world, "tested") == [f"{name}: 1 check passed before traffic." for name in ("api", "site")]
    assert world.probe.asked == []


def test_a_bad_canary_trips_before_any_visitor_sees_it() -> None:
    """The failed check is the reason."""
    world = staged()
    world.components.known["site"].failing = {"bb"}
    card = run_tests(world, "d2")
    assert card.outcome == "unhealthy"
    assert "before traffic: GET / of site" in card.reason
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "check"


def test_a_tripped_canary_is_still_tested() -> None:
    """The trip stops it at the first shift; the test only reports what it finds."""
    assert run_tests(staged(trip=tripped()), "d2").outcome == "healthy"


def test_the_new_version_gets_the_checks_for_staged_revisions() -> None:
    """All checks but those from outside only."""
    world = staged(checks=PLACED)
    run_tests(world, "d2")
    told = [event.message for event in world.deployments.events["d2"] if event.kind == "tested"]
    assert told == ["api: 3 checks passed before traffic.", "site: 1 check passed before traffic."]


def test_a_hook_is_asked_after_the_tests() -> None:
    """The workflow asks it, and waits for as long as the environment says."""
    world = a_hooked_world(Phase.STAGING)
    card = run_tests(world, "d2")
    assert (card.outcome, card.hook_timeout) == ("ask", 300)
    assert {step.hook_timeout for step in card.steps} == {300}


def test_no_hook_is_asked_when_nothing_changed() -> None:
    """There is nothing to refuse."""
    world = a_hooked_world(Phase.STAGING, staged=STABLE)
    assert run_tests(world, "d2").outcome == "healthy"


def test_what_is_not_staged_is_asked_again() -> None:
    """Only what is left is asked again, and then the release is tested."""
    world = slow(SLOW)
    assert stage(world, "d2", "site").outcome == "pending"
    answer = run_tests(world, "d2")
    assert (answer.outcome, answer.wave) == ("pending", ("site",))
    assert answer.wait_seconds == FIRST_PAUSE
    assert stage(world, "d2", "site").outcome == "staged"
    assert run_tests(world, "d2").outcome == "healthy"


def test_newcomers_alone_get_all_visitors_in_one_step() -> None:
    """There is no older version to compare them with, whatever the strategy says."""
    deployment = planned(staged_beside(SITE_ONLY, staged={"api": CANARY["api"], "site": STABLE["site"]}))
    assert deployment.changed == deployment.newcomers == ("api",)
    assert [(step.weight, step.bake) for step in deployment.steps] == [(100, 300)]


def test_what_was_live_before_still_follows_the_steps() -> None:
    """The ledger and the timeline say which components are new."""
    world = staged_beside(API_ONLY)
    deployment = planned(world)
    assert [step.weight for step in deployment.steps] == [10, 100]
    assert (deployment.newcomers, deployment.served_before) == (("site",), ("api",))
    (said,) = messages(world, "newcomers")
    assert ": site." in said


def test_a_first_deployment_has_newcomers_only() -> None:
    """No release is live, so none has brought anything, and the timeline need not say so."""
    world = staged_beside(API_ONLY, previous="")
    deployment = planned(world)
    assert (deployment.newcomers, [step.weight for step in deployment.steps]) == (("api", "site"), [100])
    assert messages(world, "newcomers") == []


def test_what_an_older_release_had_is_not_new() -> None:
    """A release may leave a component out; its revision continues to serve."""
    world = staged_beside(API_ONLY)
    released(world, API_ONLY, served_before=("site",))
    assert planned(world).newcomers == ()


@pytest.mark.parametrize("before", ["gone", "d1"])
def test_what_cannot_be_known_follows_the_steps(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When an ancestor is gone, or there are too many of them, nothing is taken for new."""
    monkeypatch.setattr(history, "MAX_RELEASES_READ", 3)
    world = staged_beside(API_ONLY)
    released(world, API_ONLY, previous=before)
    deployment = planned(world)
    assert (deployment.served_before, deployment.newcomers) == (None, ())
    assert [step.weight for step in deployment.steps] == [10, 100]


def indivisible(when: str) -> FakeWorld:
    """A staged release whose function got another role than the live version has, since the release began."""
    world = staged()
    environment = an_environment()
    api = environment.components["api"].model_copy(update={"when_indivisible": when})
    world.environments.known[KEY] = environment.model_copy(
        update={"components": {**environment.components, "api": api}}
    )
    deployment = world.deployments.get("d2")
    found = replace(deployment.staged["api"], indivisible="its execution role changes")
    world.deployments.known["d2"] = replace(deployment, staged={**deployment.staged, "api": found})
    return world


def test_what_cannot_be_divided_goes_to_all_visitors_at_the_first_step() -> None:
    """The environment allows it; the others follow the steps, and the timeline says why this one does not."""
    world = indivisible("at_once")
    deployment = planned(world)
    assert ([step.weight for step in deployment.steps], deployment.newcomers) == ([10, 100], ())
    assert [replace(deployment, weight=10).weight_of(name) for name in ("api", "site")] == [100, 10]
    (said,) = messages(world, "at_once")
    assert said == "api: all visitors get it at the first step, because its execution role changes."


def test_what_became_indivisible_while_it_was_staged_is_refused_before_any_visitor() -> None:
    """A stack of the same release, or a person, gave the function another role: AWS would refuse the first weight."""
    world = indivisible("refuse")
    with pytest.raises(RefusedError, match=r"api: its execution role changes\. Set `when_indivisible: at_once`"):
        run_tests(world, "d2")
    assert world.deployments.get("d2").steps == ()


TOKEN, COOKIE, REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF", "planted-cookie", "rt-0123456789"


class LoggingIn(FakeComponent):
    """An API whose check of a login fails, in one way for each kind of expectation; the answer is full of secrets."""

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """The real comparison of one answer with each of the checks."""
        body = json.dumps({"access_token": TOKEN, "refresh_token": REFRESH}).encode()
        answer = Answer(201, body, {"set-cookie": f"session={COOKIE}; Path=/"})
        return [check_answer(check, answer) for check in checks if isinstance(check, Check)]


LOGINS = (
    {"status": 200},
    {"status": 201, "contains": "welcome"},
    {"status": 201, "json": {"access_token": "x"}},
    {"status": 201, "header": {"set-cookie": "absent"}},
)


@pytest.mark.parametrize("expected", LOGINS)
def test_a_failed_login_tells_nobody_its_token(expected: Mapping[str, object]) -> None:
    """Neither what the workflow and the logs get, nor the ledger, the timeline, the notification, the command line."""
    world = staged(checks=(json.dumps({"component": "api", "path": "/login", "method": "POST", **expected}),))
    known = world.components.known
    known["api"] = LoggingIn(**vars(known["api"]))
    tested = run_tests(world, "d2")
    assert tested.outcome == "unhealthy"
    assert roll_back(world, "fault") == "ROLLED_BACK"
    ended, timeline, sent = world.deployments.get("d2"), world.deployments.events["d2"], list[object]()

    class Sns:
        def publish(self, **request: object) -> None:
            sent.append(request)

    SnsNotifications("topic", Sns()).send(ended)  # type: ignore[arg-type]
    record = DeploymentRecord(ended, tuple(timeline))
    sinks = [tested.document(), marshal(ended), [marshal(event) for event in timeline], sent]
    sinks.append(documents.record(record, timeline=True))
    for sink in sinks:
        assert not [planted for planted in (TOKEN, COOKIE, REFRESH) if planted in json.dumps(sink, default=str)]
        assert "/login of api" in json.dumps(sink, default=str)
