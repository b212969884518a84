"""Every path through both machines on which nothing breaks."""

from collections.abc import Callable
from functools import partial

import pytest

from controller.aws.calls import client
from controller.domain.deployment import Counts, Deployment
from controller.domain.phases import Phase
from tests.builders import a_bundle
from tests.state_machine.machines import DEPLOY, DEPLOY_TASKS, states
from tests.state_machine.scene import BUCKET, Scene, at_once, bundle_of

MakeScene = Callable[..., Scene]
HOLDING = {"look_seconds": 60, "when_inconclusive": "hold"}
PATIENT = {"look_seconds": 60, "when_inconclusive": "roll_back"}


def test_a_good_release_goes_live(scene: Scene) -> None:
    """A canary step, a watch window, and everybody is on the new revision; nobody had to help."""
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    scene.check()
    assert scene.reconciled == 0
    assert [kind for kind in scene.kinds(deployment) if kind in {"shifted", "baking"}] == ["shifted", "baking"] * 2


def test_every_task_of_the_deploy_machine_is_on_some_path(make_scene: MakeScene) -> None:
    """A held release that goes on and one that fails pass through every Task: none is dead."""
    scene = make_scene()
    scene.is_live("1.0.0")
    scene.configure(judge=HOLDING)
    scene.world.metrics.canary = Counts(0, 0)
    hold_and(scene, "1.1.0", resume)
    scene.check()
    scene.world.probe.failing = lambda: "Verify" in scene.states[-1:]
    scene.release("1.2.0")
    scene.check()
    assert {task.state for task in DEPLOY_TASKS} <= set(scene.states)


def test_the_first_deployment_has_one_step(make_scene: MakeScene) -> None:
    """With nothing to protect, all visitors get it at once, whatever the strategy says."""
    scene = make_scene()
    deployment = scene.release("1.0.0")
    assert (deployment.phase, [step.weight for step in deployment.steps]) == (Phase.SUCCEEDED, [100])
    scene.check()


def test_a_failed_first_deployment_leaves_what_was_there(make_scene: MakeScene) -> None:
    """There is no release before it, but there is something that was live."""
    scene = make_scene()
    scene.world.probe.failing = lambda: True
    assert scene.release("1.0.0").phase is Phase.ROLLED_BACK
    scene.check()


@pytest.mark.parametrize(
    ("strategy", "weights"),
    [
        ("AllAtOnce", [100]),
        ("Canary10Percent5Minutes", [10, 100]),
        ("Linear25PercentEvery1Minute", [25, 50, 75, 100]),
        ([{"weight": 5, "bake": 0}, {"weight": 50, "bake": 60}], [5, 50, 100]),
    ],
)
def test_every_strategy_goes_step_by_step(scene: Scene, strategy: object, weights: list[int]) -> None:
    """A strategy is only data: the machine is the same for all."""
    scene.configure(deployment_preference={"type": strategy, "alarms": [scene.alarm_name]})
    deployment = scene.release("1.1.0")
    assert (deployment.phase, [step.weight for step in deployment.steps]) == (Phase.SUCCEEDED, weights)
    scene.check()
    assert scene.states.count("Shift traffic") == len(weights)


def test_without_watch_time_and_bake_nothing_is_judged(scene: Scene) -> None:
    """A bake of no seconds has no Parallel."""
    scene.configure(deployment_preference={"type": "AllAtOnce", "alarms": []}, watch_seconds=0)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check()
    assert "Judge canary" not in scene.states


def test_nothing_changed(scene: Scene) -> None:
    """The same contents under a new version succeed without a shift."""
    first = scene.release("1.1.0")
    parts = a_bundle("1.1.1", b"VERSION = '1.1.0'", {"index.html": b"<title>1.1.0</title>"}, application=scene.name)
    second = scene.release("1.1.1", parts)
    assert (first.phase, second.phase) == (Phase.SUCCEEDED, Phase.SUCCEEDED)
    assert (second.changed, second.steps) == ((), ())
    scene.check()


def test_only_what_changed_is_shifted(scene: Scene) -> None:
    """A release with a new site and the old function moves the site alone."""
    scene.release("1.1.0")
    bundle = a_bundle("1.1.1", b"VERSION = '1.1.0'", {"index.html": b"<title>new</title>"}, application=scene.name)
    deployment = scene.release("1.1.1", bundle)
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ("site",))
    scene.check()


# Received


def test_the_same_event_twice_is_one_deployment(scene: Scene) -> None:
    """S3 delivers at least once."""
    detail = scene.upload("1.1.0")
    arns = [scene.start(detail), scene.start(detail)]
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.SUCCEEDED]
    assert sorted(scene.outcome(arn)[1] for arn in arns) == ["duplicate", "succeeded"]


def test_the_same_event_after_the_end_is_nothing(scene: Scene) -> None:
    """An event may come very late."""
    detail = scene.upload("1.1.0")
    scene.start(detail)
    scene.settle()
    late = scene.start(detail)
    scene.check()
    assert scene.outcome(late) == ("SUCCEEDED", "duplicate")


def test_an_upload_that_is_gone_is_ignored(scene: Scene) -> None:
    """Somebody took the object away before the workflow came."""
    detail = scene.upload("1.1.0")
    client("s3").delete_object(Bucket=BUCKET, Key=detail["object"]["key"], VersionId=detail["object"]["version-id"])
    arn = scene.start(detail)
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "ignored")


@pytest.mark.parametrize("key", ["incoming/{}/prod.zip", "incoming/{}/prod/notes.txt", "incoming/{}/Prod/1.zip"])
def test_a_key_for_nobody_is_rejected(scene: Scene, key: str) -> None:
    """The upload key says to whom."""
    arn = scene.start(scene.upload("1.1.0", key=key.format(scene.name)))
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "rejected")


# Rejected


def rejected(scene: Scene, version: str, bundle: bytes | None = None) -> Deployment:
    """Release it, and see that it was rejected with a reason and a next step and that nothing was touched."""
    before = {name: part.switch.position for name, part in scene.world.components.items()}
    deployment = scene.release(version, bundle)
    assert deployment.phase is Phase.REJECTED
    assert deployment.reason
    assert deployment.next_step
    assert {name: part.switch.position for name, part in scene.world.components.items()} == before
    scene.check()
    assert scene.reconciled == 0
    return deployment


def test_what_is_no_bundle_is_rejected(scene: Scene) -> None:
    """Bytes that are no zip."""
    rejected(scene, "1.1.0", b"not a zip")


def test_an_unregistered_environment_is_rejected(scene: Scene) -> None:
    """A key may name an environment that nobody registered."""
    arn = scene.start(scene.upload("1.1.0", key=f"incoming/{scene.name}/nowhere/1.1.0.zip"))
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "rejected")


def test_another_applications_bundle_is_rejected(scene: Scene) -> None:
    """A bundle cannot touch another application's resources."""
    assert "other" in rejected(scene, "1.1.0", a_bundle("1.1.0", application="other")).reason


def test_a_component_that_the_environment_lacks_is_rejected(scene: Scene) -> None:
    """The environment says which components there are."""
    site = {"kind": "site", "bucket": f"{scene.name}-site", "routing_function": "r"}
    scene.configure(components={"site": site})
    assert "api" in rejected(scene, "1.1.0").reason


def test_an_environment_that_cannot_be_read_is_rejected(scene: Scene) -> None:
    """A broken registration is said, not guessed around."""
    scene.configure(watch_seconds=-1)
    assert "watch_seconds" in rejected(scene, "1.1.0").reason


def test_a_version_with_other_contents_is_rejected(scene: Scene) -> None:
    """A version never changes."""
    scene.release("1.1.0")
    rejected(scene, "1.1.0", a_bundle("1.1.0", b"VERSION = 'other'", application=scene.name))


def test_a_version_that_was_rolled_back_is_rejected(scene: Scene) -> None:
    """Also when it comes in an upload of its own."""
    scene.world.probe.failing = lambda: True
    assert scene.release("1.1.0").phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}
    scene.world.probe.failing = lambda: False
    heal(scene)
    assert "rolled back" in rejected(scene, "1.1.0").reason


def test_a_version_that_was_rolled_back_while_it_waited_is_rejected(scene: Scene) -> None:
    """The same version twice: the second upload is valid when it comes and is not any more at its turn."""
    scene.world.components["api"].failing_checks = True
    again = f"incoming/{scene.name}/prod/again.zip"
    scene.at("Stage component", "before", lambda: waiting(scene, "1.1.0", key=again))
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.ROLLED_BACK, Phase.REJECTED]


@pytest.mark.parametrize("state", ["ALARM", "gone"])
def test_nothing_begins_while_an_alarm_is_not_well(scene: Scene, state: str) -> None:
    """A release on top of a fire cannot be judged."""
    if state == "gone":
        scene.world.alarms.values.clear()
    else:
        scene.world.alarms.values[scene.alarm_name] = state
    assert scene.alarm_name in rejected(scene, "1.1.0").reason


def test_nothing_begins_while_somebody_shifts_by_hand(scene: Scene) -> None:
    """A component in the middle of another change is not touched."""
    scene.world.components["api"].switch.by_hand("api-0", "api-x", 50)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.REJECTED
    scene.world.components["api"].switch.by_hand("api-0", "", 0)
    scene.check()


# The turn


def waiting(scene: Scene, version: str, key: str = "") -> str:
    """Upload a release while another one has the turn, and wait until it is queued or needs not be."""
    arn = scene.start(scene.upload(version, key=key, bundle=bundle_of(scene.name, version)))
    scene.wait_until(lambda: scene.is_queued(arn))
    return arn


def test_the_newest_waits_and_older_ones_are_superseded(scene: Scene) -> None:
    """Ten releases one after the other while the first is on its way: two deployments."""
    arns: list[str] = []
    scene.at("Stage component", "before", lambda: arns.extend(waiting(scene, f"1.{n}.0") for n in range(2, 11)))
    first = scene.release("1.1.0")
    scene.check()
    phases = [scene.deployment(arn).phase for arn in arns]
    assert (first.phase, phases) == (Phase.SUCCEEDED, [Phase.SUPERSEDED] * 8 + [Phase.SUCCEEDED])
    assert scene.reconciled == 0


def test_an_older_upload_that_comes_late_is_superseded(scene: Scene) -> None:
    """Events come in any order; the newest release stays live."""
    older, newer = scene.upload("1.1.0"), scene.upload("1.2.0")
    scene.start(newer)
    scene.settle()
    late = scene.start(older)
    scene.check()
    assert scene.deployment(late).phase is Phase.SUPERSEDED


def test_the_turn_is_handed_on_after_a_rollback(scene: Scene) -> None:
    """The release that waited behind a bad one goes live."""
    arns: list[str] = []
    scene.at("Test staged release", "before", lambda: arns.append(waiting(scene, "1.2.0")))
    scene.at("Shift traffic", "before", scene.alarm_flickers)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert scene.deployment(arns[0]).phase is Phase.SUCCEEDED


def test_many_uploads_at_once(scene: Scene) -> None:
    """Whatever the order in which they come, the newest is live at the end and none is left."""
    details = [scene.upload(f"1.{n}.0") for n in range(1, 9)]
    at_once(*[partial(scene.start, detail) for detail in details])
    scene.check()
    phases = {one.version: one.phase for one in scene.history()}
    assert phases["1.8.0"] is Phase.SUCCEEDED
    assert set(phases.values()) <= {Phase.SUCCEEDED, Phase.SUPERSEDED}


# Unhealthy


def test_a_staged_release_that_fails_its_checks_never_gets_a_visitor(scene: Scene) -> None:
    """The checks run against the canary before any traffic."""
    scene.world.components["api"].failing_checks = True
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert "Shift traffic" not in scene.states


def test_a_check_from_outside_that_fails_rolls_back(scene: Scene) -> None:
    """The verification is made as a visitor."""
    scene.world.probe.failing = lambda: scene.serves_canary()
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.trip and deployment.trip.source) == (Phase.ROLLED_BACK, "check")
    scene.check()


def test_the_judge_rolls_back_a_canary_that_fails_more_often(scene: Scene) -> None:
    """No alarm is needed."""
    scene.world.metrics.canary = Counts(100, 20)
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.trip and deployment.trip.source) == (Phase.ROLLED_BACK, "judge")
    scene.check()


@pytest.mark.parametrize("state", ["ALARM", "gone", "unreadable"])
def test_the_judge_fails_closed(scene: Scene, state: str) -> None:
    """An alarm that fires, is gone or cannot be read counts against the canary, although no event came."""

    def spoil() -> None:
        scene.world.alarms.unreadable = state == "unreadable"
        scene.world.alarms.values = {scene.alarm_name: "ALARM"} if state == "ALARM" else {}

    scene.at("Judge canary", "before", spoil, nth=2)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


# Inconclusive


def test_too_few_requests_extend_the_bake_once_and_then_roll_back(scene: Scene) -> None:
    """That is the default policy."""
    scene.world.metrics.canary = Counts(3, 0)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert scene.kinds(deployment).count("extended") == 1
    scene.check()


def test_enough_requests_in_the_longer_bake_are_enough(scene: Scene) -> None:
    """The bake was extended, and that helped."""
    scene.world.metrics.canary = Counts(3, 0)

    def more_visitors() -> None:
        scene.world.metrics.canary = Counts(300, 0)

    scene.at("Judge canary", "before", more_visitors, nth=3)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    assert scene.kinds(deployment).count("extended") == 1
    scene.check()


def hold_and(scene: Scene, version: str, act: Callable[[Scene, Deployment], None]) -> Deployment:
    """Release with too few requests, and act when a person is asked."""
    arn = scene.start(scene.upload(version))
    scene.wait_until(lambda: scene.is_held(arn))
    act(scene, scene.deployment(arn))
    scene.world.metrics.canary = Counts(100, 0)
    scene.settle()
    return scene.deployment(arn)


def resume(scene: Scene, deployment: Deployment) -> None:
    """What `selfright resume` does."""
    scene.world.metrics.canary = Counts(100, 0)
    client("stepfunctions").send_task_success(taskToken=deployment.hold_token, output="{}")


@pytest.mark.parametrize(
    ("act", "phase"),
    [
        (resume, Phase.SUCCEEDED),
        (lambda scene, deployment: scene.roll_back(deployment.deployment_id), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.alarm(), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.alarm_flickers(), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.stop(), Phase.ROLLED_BACK),
    ],
    ids=["resume", "rollback", "alarm", "short alarm", "stop"],
)
def test_a_person_decides_about_a_held_release(
    scene: Scene, act: Callable[[Scene, Deployment], None], phase: Phase
) -> None:
    """With the policy `hold`, it waits for `selfright resume` or `selfright rollback`, and an alarm still ends it."""
    scene.configure(judge=HOLDING)
    scene.world.metrics.canary = Counts(3, 0)
    assert hold_and(scene, "1.1.0", act).phase is phase
    scene.check()


def test_a_hold_outlives_the_bake_by_far(scene: Scene) -> None:
    """The guard stands as long as a person may take to decide, not as long as the bake."""
    scene.configure(judge=HOLDING)
    scene.world.metrics.canary = Counts(3, 0)
    hold_and(scene, "1.1.0", resume)
    scene.check()
    (hold,) = [state for name, state in states(DEPLOY) if name == "Hold for a person"]
    assert scene.cards["Test staged release"]["steps"][0]["guard_timeout"] > hold["TimeoutSeconds"]


def heal(scene: Scene) -> None:
    """Roll a failed rollback back by hand, when there is one."""
    for one in scene.history():
        if one.phase is Phase.ROLLBACK_FAILED:
            scene.roll_back(one.deployment_id)
            scene.settle()
