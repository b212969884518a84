"""Releases with parameters: the real component on SSM within the real workflow, beside the fakes of the others."""

from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.client.clients import Clients, client
from controller.aws.components.parameters.component import ParametersComponent
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.phases import Phase
from tests.builders import bundle_parts
from tests.state_machine.scene import CHECKS, Scene

pytestmark = pytest.mark.slow

MakeScene = Callable[..., Scene]
BEFORE = "settings-0"
"""The revision that is live in a scene at first."""


class Settings(ParametersComponent):
    """The real component, with what a scene asks of its components."""

    @property
    def serving(self) -> set[str]:
        """The revision that is read."""
        return {self.current().id}


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """An environment with parameters, in which 1.0.0 is live."""
    made = make_scene()
    components: Any = made.world.components
    components["settings"] = Settings(ParametersTarget(kind="parameters", prefix=prefix(made)), "settings", Clients())
    made.configure(components=targets(made))
    point(made, BEFORE)
    made.is_live("1.0.0")
    return made


def prefix(scene: Scene) -> str:
    """Where the scene's parameters are."""
    return f"/{scene.name}/prod/settings"


def targets(scene: Scene) -> dict[str, Any]:
    """The scene's components in the environment's JSON."""
    return {
        "api": {"kind": "function", "function_name": f"{scene.name}-api", "url": "https://api.example.com"},
        "site": {"kind": "site", "bucket": f"{scene.name}-site", "routing_function": "r"},
        "settings": {"kind": "parameters", "prefix": prefix(scene)},
    }


def point(scene: Scene, revision: str) -> None:
    """A person moves the pointer."""
    client("ssm").put_parameter(Name=f"{prefix(scene)}/current", Value=revision, Type="String", Overwrite=True)


def pointer(scene: Scene) -> str:
    """Where it points."""
    return client("ssm").get_parameter(Name=f"{prefix(scene)}/current")["Parameter"]["Value"]


def read(scene: Scene) -> dict[str, str]:
    """What the application reads."""
    path = f"{prefix(scene)}/revisions/{pointer(scene)}"
    found = client("ssm").get_parameters_by_path(Path=path)["Parameters"]
    return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}


def bundle(scene: Scene, version: str, code: str = "", **settings: str) -> bytes:
    """A release with these settings; the code is the version's own unless it is given."""
    parts = bundle_parts(version, (code or version).encode(), application=scene.name, checks=CHECKS)
    return parts.with_parameters(settings).pack()


def test_parameters_go_live_with_the_last_step(scene: Scene) -> None:
    """The canary of the code still reads the former set; at 100 % all visitors get the new one, as a whole."""
    pointed: list[str] = []
    scene.at("Shift traffic", "after", lambda: pointed.append(pointer(scene)), nth=0)
    deployment = scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello", RATE="1"))
    scene.check()
    assert deployment.phase is Phase.SUCCEEDED
    assert pointed == [BEFORE, deployment.staged["settings"].id]
    assert read(scene) == {"GREETING": "Hello", "RATE": "1"}


def test_parameters_alone_wait_for_no_canary(scene: Scene) -> None:
    """They cannot be divided, so there is one step with its bake."""
    scene.release("1.1.0", bundle(scene, "1.1.0", "code", GREETING="Hello"))
    deployment = scene.release("1.2.0", bundle(scene, "1.2.0", "code", GREETING="Hi"))
    scene.check()
    assert (deployment.changed, [step.weight for step in deployment.steps]) == (("settings",), [100])
    assert read(scene) == {"GREETING": "Hi"}


def test_unchanged_parameters_are_left_alone(scene: Scene) -> None:
    """The same values in another order are the same revision, and nothing is written."""
    scene.release("1.1.0", bundle(scene, "1.1.0", A="1", B="2"))
    before = client("ssm").get_parameter(Name=f"{prefix(scene)}/current")["Parameter"]["Version"]
    deployment = scene.release("1.2.0", bundle(scene, "1.2.0", B="2", A="1"))
    scene.check()
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ("api",))
    assert client("ssm").get_parameter(Name=f"{prefix(scene)}/current")["Parameter"]["Version"] == before


def test_an_alarm_after_the_last_step_restores_them(scene: Scene) -> None:
    """All components go back together, and it is verified."""
    scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello"))
    scene.at("Judge canary", "before", scene.alarm_flickers, nth=4)
    assert scene.release("1.2.0", bundle(scene, "1.2.0", GREETING="Bad")).weight == 0
    scene.check()
    assert scene.history()[-1].phase is Phase.ROLLED_BACK
    assert scene.states.count("Shift traffic") == 4
    assert read(scene) == {"GREETING": "Hello"}


def test_an_alarm_in_the_moment_of_the_last_shift_restores_them(scene: Scene) -> None:
    """It fires after the pointer was moved, before the state has ended."""
    scene.at("Shift traffic", "after", scene.alarm_flickers, nth=2)
    assert scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Bad")).phase is Phase.ROLLED_BACK
    scene.check()
    assert pointer(scene) == BEFORE


def test_a_person_rolls_a_live_release_back(scene: Scene) -> None:
    """Its parameters are restored with it."""
    scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello"))
    promoted = scene.release("1.2.0", bundle(scene, "1.2.0", GREETING="Hi"))
    scene.roll_back(promoted.deployment_id)
    scene.check()
    assert read(scene) == {"GREETING": "Hello"}


def test_a_persons_pointer_stays_and_the_release_is_rolled_back(scene: Scene) -> None:
    """Everything else is restored, and a person must act, because the restore point is not reached."""
    scene.at("Shift traffic", "before", lambda: point(scene, "hotfix"), nth=2)
    deployment = scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello"))
    scene.check(held=True)
    assert deployment.phase is Phase.ROLLBACK_FAILED
    assert "somebody else moved it" in deployment.reason
    assert pointer(scene) == "hotfix"
    assert not {"api", "site"} & {
        name for name, part in scene.world.components.items() if part.serving != {f"{name}-0"}
    }


def test_a_revision_that_somebody_changed_ends_the_release(scene: Scene) -> None:
    """Staged once, edited by hand and released again: nothing of it is overwritten, and no visitor gets it."""
    scene.at("Judge canary", "before", scene.alarm_flickers)
    rolled_back = scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello"))
    name = f"{prefix(scene)}/revisions/{rolled_back.staged['settings'].id}/GREETING"
    client("ssm").put_parameter(Name=name, Value="mine", Type="String", Overwrite=True)
    again = scene.release("1.2.0", bundle(scene, "1.2.0", GREETING="Hello"))
    scene.check()
    assert again.phase is Phase.ROLLED_BACK
    assert client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "mine"
    assert pointer(scene) == BEFORE


def test_old_revisions_are_removed(scene: Scene) -> None:
    """As many are kept as the environment says."""
    scene.configure(components=targets(scene), keep_revisions=2)
    for number in range(1, 6):
        scene.release(f"1.{number}.0", bundle(scene, f"1.{number}.0", N=str(number)))
    scene.check()
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix(scene), Recursive=True)
    values = {one["Value"] for page in pages for one in page["Parameters"] if one["Name"].endswith("/N")}
    assert values == {"4", "5"}


@pytest.mark.parametrize("together", [False, True], ids=["again", "at once"])
def test_everything_may_run_twice(scene: Scene, *, together: bool) -> None:
    """Each function runs twice for one invocation, one after the other or at once."""
    scene.repeat, scene.together = 2, together
    assert scene.release("1.1.0", bundle(scene, "1.1.0", GREETING="Hello", RATE="1")).phase is Phase.SUCCEEDED
    assert read(scene) == {"GREETING": "Hello", "RATE": "1"}
    scene.check(extra_notifications=together)
