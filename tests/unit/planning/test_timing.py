import io
from dataclasses import replace

from controller.aws.components.registry import AwsComponents
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.tasks import ReleaseTask
from controller.domain.components.bypassing import Bypassing
from controller.domain.deployment import Step
from controller.domain.environment import Environment
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.planning.model import Timing
from selfright.planning.timing import calls_of, longest_tasks, timing_of
from tests.builders import a_bundle
from tests.fences import BACK, FORWARD
from tests.unit.planning.conftest import ENVIRONMENT, PlanWorld

CHANGED = [ComponentPlan("api", "function", "changed"), ComponentPlan("site", "site", "changed")]


def environment(**members: object) -> Environment:
    """The environment with these settings."""
    return Environment.model_validate({**ENVIRONMENT, **members})


def test_the_time_is_that_of_the_bakes_and_a_little_more() -> None:
    """Where versions are compared, the last measurements are waited for; only such a bake is extended."""
    preference = {"type": [{"weight": 10, "bake": "1m"}, {"weight": 50, "bake": "2m"}]}
    careful = environment(deployment_preference=preference, final_bake="30s")
    steps = (Step(10, 60), Step(50, 120), Step(100, 30))
    assert timing_of(careful, ["site"]) == Timing(steps, 210, 35, 0)
    compared = timing_of(careful, ["api"])
    assert compared == Timing(steps, 210, 35 + 2 * 180, 2 * (2 * (3 * 180 + 60) - 180 + 120))
    assert compared.seconds == 605


def test_without_visitors_silent_versions_are_waited_for() -> None:
    """Up to three times `settle` at the end of each bake, which is extended once, by two periods at least."""
    preference = {"type": [{"weight": 20, "bake": "10s"}]}
    judge = {"period": "10s", "evaluate_every": "10s", "settle": "20s"}
    quick = environment(deployment_preference=preference, final_bake="5s", judge=judge)
    assert timing_of(quick, ["api"]).extended == (60 + 10 - 20) + 20 + (60 + 10)
    asked = environment(deployment_preference=preference, judge={**judge, "minimum_requests": 0})
    assert timing_of(asked, ["api"]).extended == 60 + 10 - 20
    sent = environment(deployment_preference=preference, judge={**judge, "synthetic": {"requests": 10}})
    assert timing_of(sent, ["api"]).extended == 140 + 20 + 70


def test_many_files_take_time() -> None:
    """A large site is uploaded before its first step."""
    assert timing_of(environment(), ["site"], files=20_000).seconds == timing_of(environment(), ["site"]).seconds + 40


def test_what_tasks_and_hooks_may_take_is_not_left_out() -> None:
    """A task ends at its own timeout or the function's, whichever is sooner; a hook is given up after its time."""
    tasks = [ReleaseTask(component="api", timeout=written) for written in ("10m", None, "30s")]
    assert longest_tasks(tasks, {}) == 600 + 840 + 30
    assert longest_tasks(tasks, {"api": 60}) == 60 + 60 + 30
    hooks = {"pre_traffic": "before", "post_traffic": "after"}
    asking = environment(deployment_preference={"hooks": hooks}, hook_timeout="2m")
    assert timing_of(asking, ["site"]).hooks == 240
    assert timing_of(asking, []).hooks == timing_of(environment(), ["site"]).hooks == 0


def test_what_changes_nothing_takes_no_step() -> None:
    """And what cannot be divided goes in one."""
    assert timing_of(environment(), []).steps == ()
    assert timing_of(environment(), ["settings"]).steps == (Step(100, 300),)


def test_lambda_is_not_asked_for_what_is_no_function() -> None:
    """Sites and parameters need none of its requests."""
    assert calls_of(environment(), CHANGED[1:], (Step(100, 60),)) == LambdaCalls()


def test_every_evaluation_rehearses_the_rollback() -> None:
    """Two steps of five evaluations each, and two requests an evaluation."""
    steps = (Step(10, 300), Step(100, 300))
    assert calls_of(environment(), CHANGED, steps).baking == 2 * 5 * 2


def test_the_requests_are_those_that_the_controller_makes(world: PlanWorld) -> None:
    """Counted where they are made: the function's code and configuration change, in two steps, then a rollback."""
    world.release(a_bundle())
    bundle, steps = a_bundle("1.1.0", b"other", api={"memory": 512}), (Step(10, 60), Step(100, 0))
    expected = calls_of(world.environment, [world.component(bundle, "api")], steps)
    world.functions.calls.clear()
    world.functions.polls = 1
    api = AwsComponents("artifacts", world.clients).get(world.environment, "api")
    stable = api.current()
    opened = BundleArchive(io.BytesIO(bundle))
    artifact = opened.manifest().components["api"]
    assert api.why_indivisible(artifact, opened, stable) == ""
    assert api.bypassed_by() == Bypassing()
    canary = api.stage(artifact, opened)
    ready_at_once = 1  # In memory, a published version is ready at once.
    assert len(world.functions.calls) + ready_at_once == expected.staging
    world.functions.calls.clear()
    for step in steps:
        api.shift(stable, canary, step.weight, FORWARD)
    assert len(world.functions.calls) == expected.shifting
    world.functions.calls.clear()
    api.prune([stable, canary], 5)
    assert len(world.functions.calls) == expected.closing


def test_the_rollback_makes_as_many_requests_as_it_says(world: PlanWorld) -> None:
    """The alarm restores the alias, the rollback machine repeats that, and reads what is live."""
    world.release(a_bundle())
    bundle, steps = a_bundle("1.1.0", b"other"), (Step(10, 60), Step(100, 0))
    expected = calls_of(world.environment, [world.component(bundle, "api")], steps)
    api = AwsComponents("artifacts", world.clients).get(world.environment, "api")
    stable = api.current()
    opened = BundleArchive(io.BytesIO(bundle))
    canary = api.stage(opened.manifest().components["api"], opened)
    canary = replace(canary, mark=api.shift(stable, canary, 10, FORWARD))
    world.functions.calls.clear()
    api.restore(stable, canary, BACK)
    api.restore(stable, replace(canary, mark=""), BACK)
    assert api.current() == stable
    world.functions.polls = 1
    assert api.unstage(opened.manifest().components["api"], opened, stable) is None
    assert len(world.functions.calls) == expected.rollback


def test_what_was_never_live_takes_no_time_of_its_own() -> None:
    """Alone it goes in one step; beside others it is compared with nothing."""
    both = environment(deployment_preference={"type": [{"weight": 10, "bake": "1m"}]}, final_bake="30s")
    assert timing_of(both, ["api"], ["api"]).steps == (Step(100, 30),)
    assert timing_of(both, ["api", "site"], ["api"]) == Timing((Step(10, 60), Step(100, 30)), 90, 30)
