"""What a build needs is installed once, for all components and releases of a folder."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from selfright.bundling.build_run import Finished
from selfright.bundling.builder import Builder
from selfright.bundling.bundle import build_artifacts

PACKAGE: dict[str, object] = {"name": "shop", "scripts": {"build": "tool"}}


class Tools:
    """npm and pip as far as they are needed: an install makes folders, a build makes its artifact."""

    def __init__(self) -> None:
        self.installs = 0
        self.fails = False

    def __call__(self, command: Sequence[str], folder: Path, _: Mapping[str, str]) -> Finished:
        """Run one of them."""
        if command[1] == "build":
            (folder / command[2]).mkdir(exist_ok=True)
            (folder / command[2] / "index.js").write_text("built")
            return Finished(0, "")
        self.installs += 1
        made = folder / ("node_modules" if command[0] == "npm" else ".venv")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        (made / "pyvenv.cfg").write_text("")
        return Finished(int(self.fails), "no network")


@pytest.fixture
def tools() -> Tools:
    """Nothing has been run yet."""
    return Tools()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four functions that are built in one folder."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/package.json").write_text(json.dumps(PACKAGE))
    (tmp_path / "web/package-lock.json").write_text("{}")
    (tmp_path / "web/src.js").write_text("1")
    return said(tmp_path)


def said(source: Path, version: str = "1.0.0", install: str = "[npm, ci]") -> Path:
    """The folder with a `release.yaml` of this version and install."""
    lines = ["application: shop", f"version: {version}", "components:"]
    for name in ("get", "list", "put", "trim"):
        build = f"{{in: web, install: {install}, command: [tool, build, {name}], sources: [web/src.js]}}"
        lines.append(f"  {name}: {{kind: function, artifact: web/{name}, build: {build}}}")
    (source / "release.yaml").write_text("\n".join([*lines, ""]))
    return source


def installs(source: Path, tools: Tools) -> int:
    """How often packages are installed for a bundle of the folder."""
    before = tools.installs
    build_artifacts(source, Builder(run=tools))
    return tools.installs - before


def built_anew(source: Path) -> None:
    """Another source: all four are built again."""
    (source / "web/src.js").write_text(f"{(source / 'web/src.js').read_text()}1")


def test_packages_are_installed_once_for_all_components_and_releases(source: Path, tools: Tools) -> None:
    """Four builds in one folder, and four of the next version."""
    assert installs(source, tools) == 1
    built_anew(said(source, "1.0.1"))
    assert installs(source, tools) == 0


def other_lock(source: Path) -> None:
    """A package has another version."""
    (source / "web/package-lock.json").write_text('{"x": 1}')


def other_package_of_the_workspace(source: Path) -> None:
    """A package within the folder needs another one."""
    (source / "web/packages/a").mkdir(parents=True)
    (source / "web/packages/a/package.json").write_text("{}")


def other_words(source: Path) -> None:
    """Installed in another way."""
    said(source, install="[npm, ci, --omit=dev]")


def lost(source: Path) -> None:
    """Somebody has deleted what was installed."""
    shutil.rmtree(source / "web/node_modules")


def installed_by_hand(source: Path) -> None:
    """Somebody has installed something else there."""
    shutil.rmtree(source / "web/node_modules")
    (source / "web/node_modules").mkdir()
    (source / "web/node_modules/pyvenv.cfg").write_text("")


def added_by_hand(source: Path) -> None:
    """Somebody has added a package, of which the package manager has written a record."""
    (source / "web/node_modules/.package-lock.json").write_text("{}")


def forgotten(source: Path) -> None:
    """The stamps are gone, or damaged."""
    for stamp in (source / ".selfright/installs").iterdir():
        stamp.write_text('{"made": 1}')


CHANGES: list[Callable[[Path], None]] = [
    other_lock,
    other_package_of_the_workspace,
    other_words,
    lost,
    installed_by_hand,
    added_by_hand,
    forgotten,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_packages_are_installed_again_when_anything_may_differ(
    source: Path, tools: Tools, change: Callable[[Path], None]
) -> None:
    """And once for all four again."""
    installs(source, tools)
    built_anew(source)
    change(source)
    assert installs(source, tools) == 1


def test_another_node_installs_again(source: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages may have been compiled for the former one; settings of npm count as well."""
    installs(source, tools)
    built_anew(source)
    (source / "bin").mkdir()
    (source / "bin/node").write_text("")
    (source / "bin/node").chmod(0o755)
    monkeypatch.setenv("PATH", f"{source / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert installs(source, tools) == 1
    built_anew(source)
    monkeypatch.setenv("NPM_CONFIG_OMIT", "dev")
    assert installs(source, tools) == 1


@pytest.mark.parametrize("package", [{"scripts": {"postinstall": "generate"}}, ["no package"]])
def test_scripts_of_an_install_may_read_every_source(source: Path, tools: Tools, package: object) -> None:
    """Then all that the builds read counts."""
    (source / "web/package.json").write_text(json.dumps(package))
    installs(source, tools)
    built_anew(source)
    assert installs(source, tools) == 1
    said(source, "1.0.1")
    assert installs(source, tools) == 0


def test_other_tools_may_read_every_source(source: Path, tools: Tools) -> None:
    """`uv sync` may install the sources themselves."""
    said(source, install="[uv, sync]")
    (source / "web/pyproject.toml").write_text("")
    assert installs(source, tools) == 1
    built_anew(source)
    assert installs(source, tools) == 1


def test_a_build_may_write_beside_the_packages(source: Path, tools: Tools) -> None:
    """As Vite does, whose cache is in `node_modules`."""
    installs(source, tools)
    (source / "web/node_modules/.vite").mkdir()
    built_anew(source)
    assert installs(source, tools) == 0


def test_what_nothing_describes_is_always_installed(source: Path, tools: Tools) -> None:
    """Without a file that names packages, nobody knows whether they are still the same."""
    for file in (source / "web").glob("package*.json"):
        file.unlink()
    assert installs(source, tools) == 4
    assert not (source / ".selfright/installs").exists()


def test_an_install_that_failed_is_tried_again(source: Path, tools: Tools) -> None:
    """Also after one that succeeded: what it has left is nobody's guess."""
    installs(source, tools)
    other_lock(source)
    built_anew(source)
    tools.fails = True
    with pytest.raises(Exception, match="failed with exit code 1"):
        installs(source, tools)
    tools.fails = False
    (source / "web/package-lock.json").write_text("{}")
    assert installs(source, tools) == 1
