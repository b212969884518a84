import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from controller.errors import InvalidBundleError
from selfright.bundling import build_run
from selfright.bundling.build_run import Finished
from selfright.bundling.builder import Builder
from selfright.bundling.bundle import build_artifacts, make_bundle, verify_bundle

MANIFEST = """\
application: shop
version: 1.4.0
components:
  web:
    kind: site
    artifact: web/dist
    build: {in: web, install: [tool, install], command: [tool, build]}
"""


class Tool:
    """A build tool that writes a page made of its sources, and remembers how it was called."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.calls: list[list[str]] = []
        self.variables: dict[str, str] = {}
        self.fails_at = ""

    def __call__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Finished:
        """Run `tool install` or `tool build`."""
        assert folder == self.source / "web"
        self.calls.append(list(command))
        self.variables = dict(variables)
        if command[1] == self.fails_at:
            return Finished(2, "src/app.ts:3: oh dear")
        if command[1] == "build":
            text = (folder / "src.txt").read_text() if (folder / "src.txt").exists() else ""
            write(folder / "dist/index.html", text + variables["SELFRIGHT_VERSION"])
        return Finished(0, "")

    def builds(self) -> int:
        """How often it has built since the last time that somebody asked."""
        count = self.calls.count(["tool", "build"])
        self.calls.clear()
        return count


def names_in(bundle: Path) -> list[str]:
    """The files in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return archive.namelist()


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A release folder whose page has to be built."""
    folder = tmp_path / "source"
    write(folder / "release.yaml", MANIFEST)
    write(folder / "web/src.txt", "hello ")
    write(folder / "web/tool.conf", "version: $SELFRIGHT_VERSION")
    return folder


@pytest.fixture
def tool(source: Path) -> Tool:
    """The build tool."""
    return Tool(source)


def refusal(source: Path, tool: Tool | None = None) -> InvalidBundleError:
    """Why the source cannot be built."""
    with pytest.raises(InvalidBundleError) as caught:
        build_artifacts(source, Builder(run=tool) if tool else Builder())
    return caught.value


def test_a_bundle_has_what_was_built_and_not_how(source: Path, tool: Tool, tmp_path: Path) -> None:
    """First the packages, then the page; the manifest in the zip knows nothing of it."""
    bundle = make_bundle(source, tmp_path / "out.zip", builder=Builder(run=tool))
    assert tool.calls == [["tool", "install"], ["tool", "build"]]
    assert verify_bundle(bundle).components["web"].artifact == "web/dist"
    assert "web/dist/index.html" in names_in(bundle)
    assert [name for name in names_in(bundle) if "src.txt" in name or ".selfright" in name] == []


def test_the_tool_is_told_the_version(source: Path, tool: Tool, tmp_path: Path) -> None:
    """Application and version, the one of the command line included, can be built in."""
    make_bundle(source, tmp_path / "out.zip", version="1.5.0", builder=Builder(run=tool))
    assert tool.variables == {"SELFRIGHT_APPLICATION": "shop", "SELFRIGHT_VERSION": "1.5.0"}
    assert (source / "web/dist/index.html").read_text() == "hello 1.5.0"


def test_nothing_is_built_twice(source: Path, tool: Tool) -> None:
    """The second time, the builder says that nothing has changed, also by another process."""
    said: list[str] = []
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1
    build_artifacts(source, Builder(said.append, tool))
    assert tool.builds() == 0
    assert said == ["web: already built, and its sources have not changed"]


def changed_source(folder: Path) -> None:
    """Another text."""
    write(folder / "web/src.txt", "bye ")


def new_source(folder: Path) -> None:
    """One file more."""
    write(folder / "web/deep/er.txt", "")


def lost_source(folder: Path) -> None:
    """One file less."""
    (folder / "web/src.txt").unlink()


def executable_source(folder: Path) -> None:
    """The same bytes, but they can be run."""
    (folder / "web/src.txt").chmod(0o755)


def other_command(folder: Path) -> None:
    """Built in another way."""
    write(folder / "release.yaml", MANIFEST.replace("[tool, build]", "[tool, build, --minify]"))


def other_version(folder: Path) -> None:
    """Another version is built in."""
    write(folder / "release.yaml", MANIFEST.replace("1.4.0", "1.4.1"))


def changed_output(folder: Path) -> None:
    """The output was changed."""
    write(folder / "web/dist/index.html", "better")


def lost_output(folder: Path) -> None:
    """The output was deleted."""
    (folder / "web/dist/index.html").unlink()
    (folder / "web/dist").rmdir()


def lost_memory(folder: Path) -> None:
    """The stamp was deleted."""
    (stamp,) = (folder / ".selfright/builds").iterdir()
    stamp.write_text("{")


CHANGES = [
    changed_source,
    new_source,
    lost_source,
    executable_source,
    other_command,
    other_version,
    changed_output,
    lost_output,
    lost_memory,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_built(source: Path, tool: Tool, change) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Whatever could make another artifact."""
    build_artifacts(source, Builder(run=tool))
    change(source)
    before = len(tool.calls)
    build_artifacts(source, Builder(run=tool))
    assert len(tool.calls) == before + 2


def test_a_build_that_knows_no_version_is_not_repeated_for_a_new_one(source: Path, tool: Tool) -> None:
    """Nothing that it reads names our variables, so the new version would give the same artifact."""
    (source / "web/tool.conf").unlink()
    build_artifacts(source, Builder(run=tool))
    other_version(source)
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1


@pytest.mark.parametrize("command", ["[./build.sh]", "[sh, ../build.sh]", "[tool, build, $SELFRIGHT_VERSION]"])
def test_a_program_that_knows_the_version_is_found(source: Path, command: str) -> None:
    """It need not be among the sources: what the command names is looked at as well."""
    (source / "web/tool.conf").unlink()
    for place in ("build.sh", "web/build.sh"):
        write(source / place, "#!/bin/sh\necho $SELFRIGHT_VERSION > dist/index.html\n")
        (source / place).chmod(0o755)
    listed = MANIFEST.replace("install: [tool, install], ", "sources: [web/src.txt], ")
    ran: list[str] = []

    def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Finished:
        ran.append(command[0])
        write(folder / "dist/index.html", variables["SELFRIGHT_VERSION"])
        return Finished(0, "")

    for version in ("1.4.0", "1.4.0", "1.4.1"):
        write(source / "release.yaml", listed.replace("[tool, build]", command).replace("1.4.0", version))
        build_artifacts(source, Builder(run=run))
    assert len(ran) == 2


@pytest.mark.parametrize(
    ("name", "times"), [("VITE_API_URL", 2), ("API_URL", 2), ("WORD_OF_COMMAND", 2), ("UNRELATED", 1), ("PWD", 1)]
)
def test_a_variable_that_the_build_may_know_is_an_input(source: Path, tool: Tool, name: str, times: int) -> None:
    """Otherwise a release would have what was built for another place."""
    write(source / "web/config.js", "export default {url: process.env.API_URL, here: process.env.PWD}")
    write(source / "release.yaml", MANIFEST.replace("[tool, build]", "[tool, build, $WORD_OF_COMMAND]"))
    ran: list[str] = []

    def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Finished:
        ran.append(command[1])
        return tool(["tool", command[1]], folder, variables)

    for value in ("https://staging.example", "https://staging.example", "https://prod.example"):
        build_artifacts(source, Builder(run=run, environment={name: value}))
    assert ran.count("build") == times


def test_one_artifact_of_many_components_is_built_once(source: Path, tool: Tool) -> None:
    """Whether one of them says how, or all of them say the same."""
    build = "build: {in: web, command: [tool, build]}"
    for first in ("", f", {build}"):
        lines = [f"  {name}: {{kind: function, artifact: web/dist, {build}}}" for name in ("get", "list")]
        lines[0] = lines[0].replace(f", {build}", first)
        write(source / "release.yaml", "\n".join(["application: shop", "version: 1.4.0", "components:", *lines, ""]))
        build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1


@pytest.mark.parametrize(
    "path", ["web/node_modules/react/index.js", "web/.git/HEAD", "web/x.tsbuildinfo", "api/app.py"]
)
def test_what_is_no_source_changes_nothing(source: Path, tool: Tool, path: str) -> None:
    """Installed packages, version control, what tools remember, and other components."""
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1
    write(source / path, "new")
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 0


def test_only_the_sources_that_are_listed_count(source: Path, tool: Tool) -> None:
    """They may be outside the folder in which it is built."""
    listed = MANIFEST.replace("in: web,", "in: web, sources: [web/src.txt, shared],")
    write(source / "release.yaml", listed)
    write(source / "shared/words.txt", "a")
    build_artifacts(source, Builder(run=tool))
    write(source / "web/notes.txt", "new")
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1
    write(source / "shared/words.txt", "b")
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1


@pytest.mark.parametrize("step", ["install", "build"])
def test_a_failure_says_what_the_tool_said_and_is_tried_again(source: Path, tool: Tool, step: str) -> None:
    """Its last lines, and the next step; a build that failed is not remembered as done."""
    tool.fails_at = step
    error = refusal(source, tool)
    assert (
        error.reason
        == f"`tool {step}` of `components.web` failed with exit code 2; its last lines:\nsrc/app.ts:3: oh dear"
    )
    assert "--no-build" in error.next_step
    tool.fails_at = ""
    tool.calls.clear()
    build_artifacts(source, Builder(run=tool))
    assert tool.builds() == 1


def test_without_building_the_artifact_is_taken_as_it_is(source: Path, tmp_path: Path) -> None:
    """`--no-build`: an artifact that was built elsewhere needs no tool here."""
    write(source / "web/dist/index.html", "mine")
    assert verify_bundle(make_bundle(source, tmp_path / "out.zip", builder=None)).version == "1.4.0"
    assert not (source / ".selfright").exists()


def test_a_build_that_makes_something_else_is_told(source: Path) -> None:
    """The artifact has to be there afterwards."""
    error = refusal(source, lambda *_: Finished(0, ""))  # type: ignore[arg-type]
    assert "did not create the artifact" in error.reason


@pytest.mark.parametrize(
    ("build", "says"),
    [
        ("{in: web}", "`components.web.build.command` is missing"),
        ("{command: npm run build}", "`components.web.build.command` must be a list, got 'npm run build'"),
        ("{command: [a], cwd: web}", "build.cwd` is not a known key (allowed: command, in, install, sources)"),
        ("{command: [a], in: ../x}", "leads out of the bundle"),
        ("{command: [a], in: /tmp}", "is absolute"),
        ("{command: [a], in: gone}", "'{source}/gone' of `components.web.build` does not exist"),
        ("{command: [a], sources: [web/gone]}", "'{source}/web/gone' of `components.web.build` does not exist"),
        ("{command: [a], in: release.yaml}", "is not a folder"),
        ("{command: [a], in: web/dist/in}", "is inside the artifact that the build creates"),
        ("{command: [a], in: out}", "leads out of '{source}'"),
        ("{command: [no-such-tool]}", "the build needs 'no-such-tool', which is not installed"),
        ("{command: [./gone.sh]}", "'{source}/gone.sh' is not an executable program"),
        ("npm", "`components.web.build` must hold keys and values"),
    ],
)  # fmt: skip
def test_a_build_that_makes_no_sense_is_refused(source: Path, build: str, says: str) -> None:
    """Bad keys, folders outside, tools that are not there: with the place and the next step."""
    (source / "out").symlink_to(source.parent)
    write(source / "web/dist/in/x", "")
    write(source / "release.yaml", MANIFEST[: MANIFEST.index("build: ")] + f"build: {build}\n")
    error = refusal(source)
    assert says.replace("{source}", str(source)) in error.reason
    assert error.next_step


def test_without_node_the_error_says_how_to_get_it(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most builds need npm, and not everybody has it."""
    monkeypatch.setenv("PATH", str(source))
    write(source / "release.yaml", MANIFEST.replace("[tool, install]", "[npm, ci]"))
    error = refusal(source)
    assert error.reason == "the build needs 'npm', which is not installed"
    assert "nodejs.org" in error.next_step
    assert "./dev" in error.next_step


def test_a_real_command_runs_in_its_folder_without_input(tmp_path: Path) -> None:
    """No shell reads the words, nothing can ask, and the last lines come without colours."""
    script = "import os, sys; print('\\033[31m' + os.getcwd(), sys.argv[1], os.environ['A'], sys.stdin.read() == '')"
    finished = build_run.run([sys.executable, "-c", script, "$HOME; *"], tmp_path, {"A": "b"})
    assert finished == Finished(0, f"{tmp_path.resolve()} $HOME; * b True")


def test_only_the_last_lines_are_kept(tmp_path: Path) -> None:
    """A tool may say a lot before it fails, and say it in strange bytes."""
    script = "import sys; [print(n) for n in range(99)]; sys.stdout.buffer.write(b'\\xff\\n'); sys.exit(3)"
    finished = build_run.run([sys.executable, "-c", script], tmp_path, {})
    assert finished.code == 3
    assert len(finished.last_lines.splitlines()) == build_run.LAST_LINES


def test_a_build_that_never_ends_is_ended_with_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that waits for an answer, or has started something that does."""
    monkeypatch.setattr(build_run, "LONGEST_SECONDS", 0.3)
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert build_run.run([sys.executable, "-c", script], tmp_path, {}).code < 0


def test_two_builds_of_the_same_folder_wait_for_each_other(source: Path) -> None:
    """The second one finds everything already built."""
    tool, building, go_on = Tool(source), threading.Event(), threading.Event()

    def slowly(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Finished:
        building.set()
        assert go_on.wait(60)
        return tool(command, folder, variables)

    threads = [threading.Thread(target=build_artifacts, args=(source, Builder(run=slowly))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert building.wait(60)
    go_on.set()
    for thread in threads:
        thread.join()
    assert tool.builds() == 1


def test_what_is_remembered_is_not_for_version_control(source: Path, tool: Tool) -> None:
    """The folder ignores itself, wherever the release folder is kept."""
    build_artifacts(source, Builder(run=tool))
    assert (source / ".selfright/.gitignore").read_text() == "*\n"
    assert {path.name for path in (source / ".selfright").iterdir()} == {".gitignore", "build.lock", "builds"}
