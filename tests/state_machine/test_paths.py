"""A good release: first, next, with every strategy, and with nothing to do."""

from collections.abc import Callable

import pytest

from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from tests.builders import a_bundle, bundle_parts
from tests.state_machine.drives import PAUSING, hooked, pause_and, resume
from tests.state_machine.machines import DEPLOY_TASKS
from tests.state_machine.scene import Scene

MakeScene = Callable[..., Scene]


def test_a_good_release_goes_live(scene: Scene) -> None:
    """A canary step, the final bake, and all visitors are on the new revision without any help."""
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    scene.check()
    assert scene.reconciled == 0
    assert [kind for kind in scene.kinds(deployment) if kind in {"shifted", "baking"}] == ["shifted", "baking"] * 2


def test_every_task_of_the_deploy_machine_is_on_some_path(make_scene: MakeScene) -> None:
    """A paused release that is resumed, with a task and hooks, and one that fails pass through every Task."""
    scene = hooked(make_scene(), judge=PAUSING)
    scene.is_live("1.0.0")
    scene.world.metrics.canary = Counts(0, 0)
    scene.tasks = ("api",)
    pause_and(scene, "1.1.0", resume)
    scene.check()
    scene.world.probe.failing = lambda: "Verify" in scene.states[-1:]
    scene.release("1.2.0")
    scene.check()
    assert {task.state for task in DEPLOY_TASKS} <= set(scene.states)


def test_components_that_come_after_others_are_staged_after_them(scene: Scene) -> None:
    """The site waits until the API is staged and tested; then both get their visitors, in the same steps."""
    deployment = scene.release("1.1.0", bundle_in_order(scene, "1.1.0"))
    assert (deployment.phase, deployment.waves) == (Phase.SUCCEEDED, (("api",), ("site",)))
    told = [kind for kind in scene.kinds(deployment) if kind in {"staged", "tested", "shifted"}]
    assert told == ["staged", "tested", "staged", "tested", "shifted", "shifted"]
    scene.check()


def test_what_comes_after_a_bad_component_is_not_even_staged(scene: Scene) -> None:
    """When a wave fails its test, the whole release is rolled back, the waves before it too."""
    scene.world.components["api"].failing_checks = True
    deployment = scene.release("1.1.0", bundle_in_order(scene, "1.1.0"))
    assert (deployment.phase, set(deployment.staged)) == (Phase.ROLLED_BACK, {"api"})
    scene.check()


def test_what_was_staged_is_discarded_and_can_be_staged_again(scene: Scene) -> None:
    """A release that is rolled back leaves nothing; the same contents under a new version go live."""
    before = {name: dict(component.revisions) for name, component in scene.world.components.items()}
    scene.world.components["site"].failing_checks = True
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert {name: component.revisions for name, component in scene.world.components.items()} == before
    assert "discarded" in scene.kinds(deployment)
    scene.world.components["site"].failing_checks = False
    assert scene.release("1.1.1", bundle_in_order(scene, "1.1.1")).phase is Phase.SUCCEEDED
    scene.check()


def bundle_in_order(scene: Scene, version: str) -> bytes:
    """A bundle whose site comes after its API."""
    parts = bundle_parts(version, f"VERSION = {version!r}".encode(), application=scene.name)
    parts.manifest["components"]["site"]["after"] = ["api"]
    return parts.pack()


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
        ([{"weight": 5, "bake": "0s"}, {"weight": 50, "bake": "1m"}], [5, 50, 100]),
    ],
)
def test_every_strategy_goes_step_by_step(scene: Scene, strategy: object, weights: list[int]) -> None:
    """A strategy is only data: the machine is the same for all."""
    scene.configure(deployment_preference={"type": strategy, "alarms": [scene.alarm_name]})
    deployment = scene.release("1.1.0")
    assert (deployment.phase, [step.weight for step in deployment.steps]) == (Phase.SUCCEEDED, weights)
    scene.check()
    assert scene.states.count("Shift traffic") == len(weights)


def test_without_any_bake_nothing_is_judged(scene: Scene) -> None:
    """A bake of no seconds has no Parallel."""
    scene.configure(deployment_preference={"type": "AllAtOnce", "alarms": []}, final_bake="0s")
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


def without_a_site(scene: Scene) -> None:
    """The release that is live has the API alone: the site joins with the next one."""
    world = scene.world
    live = world.locks.load(scene.key).live
    brought = {"api": world.deployments.get(live).staged["api"]}
    world.deployments.update(live, {"staged": brought, "components": ("api",)}, phases={Phase.SUCCEEDED})


def weights(scene: Scene) -> dict[str, list[int]]:
    """How many visitors get the newer revision, at each write of a component's switch."""
    return {
        name: [position.weight or 100 for position in component.switch.written]
        for name, component in scene.world.components.items()
    }


def test_a_component_that_was_never_live_gets_all_visitors_at_the_first_step(scene: Scene) -> None:
    """The API has its canary meanwhile; at the next release both go step by step."""
    without_a_site(scene)
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.newcomers) == (Phase.SUCCEEDED, ("site",))
    assert weights(scene) == {"api": [10, 100], "site": [100]}
    following = scene.release("1.2.0")
    assert (following.phase, following.served_before, following.newcomers) == (Phase.SUCCEEDED, ("api", "site"), ())
    assert weights(scene) == {"api": [10, 100] * 2, "site": [100, 10, 100]}
    scene.check()


def test_an_alarm_restores_a_component_that_was_never_live_too(scene: Scene) -> None:
    """Both are restored: the one at 100 %, and the one with a canary."""
    without_a_site(scene)
    scene.at("Judge canary", "before", scene.alarm)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    assert {name: one.switch.position.stable for name, one in scene.world.components.items()} == {
        "api": "api-0",
        "site": "site-0",
    }
    scene.check()
