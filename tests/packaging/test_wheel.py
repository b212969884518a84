"""The wheel, installed beside a project that has packages with our names.

The wheel's dependencies come from the environment that runs the tests, so that no network is needed; all of our own
files come from the wheel.
"""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from selfright.lambda_package import LOCK, _sources

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
THEIRS = ("bootstrap_cdk", "controller", "state_machine")
"""Names that a project may have given to packages of its own."""

APP = """\
import bootstrap_cdk, controller, state_machine
from selfright.cdk import PLACEHOLDER_CODE, PLACEHOLDER_HANDLER, Environment, FunctionComponent
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

assert {bootstrap_cdk.OWNER, controller.OWNER, state_machine.OWNER} == {"the shop"}
app = App()
stack = Stack(app, "Shop")
function = lambda_.Function(
    stack,
    "Api",
    runtime=lambda_.Runtime.PYTHON_3_13,
    handler=PLACEHOLDER_HANDLER,
    code=lambda_.Code.from_inline(PLACEHOLDER_CODE),
)
components = {"api": FunctionComponent(function)}
Environment(stack, "Environment", application="shop", environment="prod", components=components)
app.synth()
"""

RELEASE = """\
application: shop
version: 1.4.0
components:
  api: {kind: function, artifact: api, handler: app.handler}
"""


@dataclass(frozen=True)
class Project:
    """A user's project, with an environment in which Selfright is installed."""

    folder: Path
    environment: Path

    @property
    def programs(self) -> Path:
        """Where the environment's programs are."""
        return self.environment / "bin"

    def run(self, *command: str, **variables: str) -> str:
        """Run a command in the project's folder and return its output; it must succeed."""
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
        given = {**kept, "PATH": f"{self.programs}{os.pathsep}/usr/bin:/bin", **variables}
        done = subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, *arguments: str, **variables: str) -> str:
        """Run the environment's Python and return its output."""
        return self.run(str(self.programs / "python"), *arguments, **variables)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with packages of our names, and an environment with nothing of ours but the wheel."""
    folder, environment = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    command = [find_uv_bin(), "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # Packages of that folder can be imported; what its own .pth files add, such as our repository, cannot.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    for name in THEIRS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text('OWNER = "the shop"\n')
    (folder / "app.py").write_text(APP)
    (folder / "shop" / "api").mkdir(parents=True)
    (folder / "shop" / "release.yaml").write_text(RELEASE)
    (folder / "shop" / "api" / "app.py").write_text("def handler(event, context): ...\n")
    return Project(folder, environment)


def test_it_has_one_package_of_its_own(wheel: Path) -> None:
    """It contains everything else, and occupies no other name."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"selfright"}


def test_it_has_the_state_machines_and_all_that_the_lambda_package_is_built_from(wheel: Path) -> None:
    """Byte for byte as they are in the repository."""
    wanted = [*_sources(ROOT), ROOT / LOCK, *(ROOT / "state_machine").glob("*.asl.json")]
    with zipfile.ZipFile(wheel) as archive:
        for file in wanted:
            assert archive.read(f"selfright/_bundled/{file.relative_to(ROOT).as_posix()}") == file.read_bytes()
    assert len(wanted) > 100


def test_it_is_typed(wheel: Path) -> None:
    """So type checkers read the constructs' annotations."""
    with zipfile.ZipFile(wheel) as archive:
        assert "selfright/py.typed" in archive.namelist()


def test_everything_of_ours_comes_from_the_wheel(project: Project) -> None:
    """Otherwise the tests below would prove nothing."""
    found = project.python(
        "-c", "import selfright, selfright.layout as l; print(selfright.__file__, l.ROOT, l.INSTALLED)"
    )
    module, root, installed = found.split()
    assert Path(module).is_relative_to(project.environment)
    assert Path(root).is_relative_to(project.environment.resolve())
    assert installed == "True"


@pytest.mark.parametrize("program", [("selfright",), ("python", "-m", "selfright")], ids=["selfright", "-m selfright"])
class TestCommandLine:
    """As a program, and as a module: then the current folder comes first on Python's path."""

    def run(self, project: Project, program: tuple[str, ...], *words: str) -> str:
        """The output."""
        name, *rest = program
        return project.run(str(project.programs / name), *rest, *words)

    def test_it_says_its_version(self, project: Project, program: tuple[str, ...]) -> None:
        """That of the wheel."""
        assert self.run(project, program, "--version").startswith("selfright ")

    def test_it_makes_a_bundle(self, project: Project, program: tuple[str, ...], tmp_path: Path) -> None:
        """With our own rules of bundles, which are in the `controller` of ours."""
        bundle = tmp_path / "shop.zip"
        self.run(project, program, "bundle", "shop", "--out", str(bundle))
        with zipfile.ZipFile(bundle) as archive:
            assert "release.yaml" in archive.namelist()

    def test_it_helps_with_a_plan(self, project: Project, program: tuple[str, ...]) -> None:
        """Its modules are imported for that."""
        assert "--environment" in self.run(project, program, "plan", "--help")


def test_an_application_that_has_such_packages_is_synthesized(project: Project, tmp_path: Path) -> None:
    """Its app imports its own `controller` beside our constructs; Node.js comes with the extra."""
    project.python("app.py", CDK_OUTDIR=str(tmp_path))
    resources = resources_of(tmp_path / "Shop.template.json")
    assert "AWS::SSM::Parameter" in {one["Type"] for one in resources.values()}


def test_the_controller_is_synthesized_without_the_repository(project: Project, tmp_path: Path) -> None:
    """With our state machines in its template, from a folder that has packages of our names."""
    package = tmp_path / "package"
    (package / "controller" / "handlers").mkdir(parents=True)
    context = json.dumps({"controller_package": str(package)})
    project.python("-m", "selfright.bootstrap", CDK_OUTDIR=str(tmp_path / "out"), CDK_CONTEXT_JSON=context)
    resources = resources_of(tmp_path / "out" / "SelfrightController.template.json")
    machines = [one for one in resources.values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    assert len(machines) == len([*(ROOT / "state_machine").glob("*.asl.json")])
    assert [path.name for path in (tmp_path / "out").glob("*.template.json")] == ["SelfrightController.template.json"]


def test_schemas_for_editors_are_written_without_the_repository(project: Project, tmp_path: Path) -> None:
    """From a folder that has packages of our names."""
    project.python("-m", "selfright.editors", str(tmp_path))
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["release.schema.json", "settings.schema.json"]


def resources_of(template: Path) -> Mapping[str, Mapping[str, object]]:
    """The resources of a template."""
    return dict(json.loads(template.read_text())["Resources"])
