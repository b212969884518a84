"""A function's package is the folder: with its links, its empty folders, and modules without a source."""

import io
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from controller.domain.components.function.package import check_package
from controller.errors import InvalidBundleError
from selfright.components.function.pack import zip_function
from selfright.components.function.tree import list_package
from selfright.local.edge.node import node
from selfright.local.emulating import UnpackingZip

PNPM = {
    "index.js": 'console.log(require("greet")());\n',
    "node_modules/.pnpm/greet@1.0.0/node_modules/greet/package.json": '{"name": "greet", "main": "i.js"}',
    "node_modules/.pnpm/greet@1.0.0/node_modules/greet/i.js": 'module.exports = () => require("words").hello;\n',
    "node_modules/.pnpm/words@2.0.0/node_modules/words/package.json": '{"name": "words", "main": "i.js"}',
    "node_modules/.pnpm/words@2.0.0/node_modules/words/i.js": 'exports.hello = "hello from words";\n',
}
PNPM_LINKS = {
    "node_modules/greet": ".pnpm/greet@1.0.0/node_modules/greet",
    "node_modules/.pnpm/greet@1.0.0/node_modules/words": "../../words@2.0.0/node_modules/words",
}
WORKSPACES = {
    "index.js": 'console.log(require("@shop/greet")());\n',
    "packages/greet/package.json": '{"name": "@shop/greet", "main": "i.js"}',
    "packages/greet/i.js": 'module.exports = () => require("@shop/words").hello;\n',
    "packages/words/package.json": '{"name": "@shop/words", "main": "i.js"}',
    "packages/words/i.js": 'exports.hello = "hello from words"; exports.greet = () => require("@shop/greet");\n',
}
WORKSPACES_LINKS = {
    "node_modules/@shop/greet": "../../packages/greet",
    "node_modules/@shop/words": "../../packages/words",
    "packages/words/node_modules/@shop/greet": "../../../greet",
    "packages/greet/node_modules/@shop/words": "../../../words",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one module."""
    return laid(tmp_path / "api", {"app.py": "def handler(event, context): ...\n"}, {})


def laid(folder: Path, files: dict[str, str], links: dict[str, str]) -> Path:
    """The folder with these files, and these links to their targets."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for path, target in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(target)
    return folder


def packed(folder: Path) -> bytes:
    """The folder's zip, which the controller accepts."""
    buffer = io.BytesIO()
    zip_function(buffer, list_package(folder))
    check_package(buffer, "api.zip")
    return buffer.getvalue()


def unpacked(data: bytes, place: Path) -> Path:
    """The zip as Lambda unpacks it."""
    with UnpackingZip(io.BytesIO(data)) as archive:
        archive.extractall(place)
    return place


def modes(data: bytes) -> dict[str, str]:
    """The mode of each entry, as `ls` shows it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: stat.filemode(info.external_attr >> 16) for info in archive.infolist()}


def refusal(folder: Path) -> str:
    """Why the folder cannot be packed."""
    with pytest.raises(InvalidBundleError) as caught:
        list_package(folder)
    assert caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize(("files", "links"), [(PNPM, PNPM_LINKS), (WORKSPACES, WORKSPACES_LINKS)])
def test_linked_packages_are_found_as_in_the_folder(
    tmp_path: Path, files: dict[str, str], links: dict[str, str]
) -> None:
    """Packages of pnpm and of npm's workspaces find each other after Lambda has unpacked them, also in circles."""
    place = unpacked(packed(laid(tmp_path / "api", files, links)), tmp_path / "task")
    ran = subprocess.run([node(), "index.js"], cwd=place, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("hello from words\n", "")


def test_a_link_stays_one_link(folder: Path, tmp_path: Path) -> None:
    """What it leads to is in the package once; absolute links and links to links become direct, relative ones."""
    laid(folder, {"lib/one/text": "x"}, {"absolute": str(folder / "lib/one"), "lib/two": "../absolute"})
    place = unpacked(packed(folder), tmp_path / "task")
    assert str((place / "absolute").readlink()) == "lib/one"
    assert str((place / "lib/two").readlink()) == "one"
    assert [str(path.relative_to(place)) for path in place.rglob("text")] == ["lib/one/text"]


def test_a_link_out_of_the_folder_is_refused_by_name(folder: Path) -> None:
    """The package would lack what it leads to."""
    laid(folder.parent, {"shared/i.js": ""}, {"api/node_modules/shared": "../../shared"})
    assert f"the link '{folder}/node_modules/shared' leads out of the folder" in refusal(folder)


def test_links_to_the_rest_of_pnpms_workspace_stay_out(folder: Path) -> None:
    """`pnpm deploy` leaves links to packages that the application does not declare; what it declares is copied."""
    spare, kept = "node_modules/.pnpm/node_modules", "node_modules/.pnpm/foo@file/node_modules/foo"
    links = {f"{spare}/@shop/web": "../../../../../web", f"{spare}/gone": "nowhere", f"{spare}/foo": f"../../../{kept}"}
    laid(folder.parent, {"web/i.js": ""}, {})
    laid(folder, {f"{kept}/i.js": ""}, links)
    assert [one.path for one in list_package(folder) if one.link] == [f"{spare}/foo"]


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ({"lib/up": ".."}, "lib/up' leads in a circle"),
        ({"lib/one": "two", "lib/two": "one"}, "' leads in a circle"),
        ({"lib/gone": "nowhere"}, "lib/gone' leads nowhere"),
    ],
)
def test_a_link_without_an_end_is_refused_by_name(folder: Path, links: dict[str, str], reason: str) -> None:
    """A circle, or a file that is not there."""
    assert reason in refusal(laid(folder, {}, links))


def test_all_links_that_cannot_be_used_are_named_at_once(folder: Path) -> None:
    """Each with its reason; of very many, the others are counted."""
    said = refusal(laid(folder, {}, {"lib/gone": "nowhere", "lib/up": "..", "a": "/etc"}))
    assert all(one in said for one in ("lib/gone' leads nowhere", "lib/up' leads in a circle", "a' leads out of the"))
    many = refusal(laid(folder, {}, {f"many/{number}": "nowhere" for number in range(20)}))
    assert "more links" in many


def test_an_empty_folder_stays(folder: Path, tmp_path: Path) -> None:
    """Also one in which only a tool's file held its place."""
    (folder / "plugins/more").mkdir(parents=True)
    laid(folder, {"uploads/.gitkeep": ""}, {})
    place = unpacked(packed(folder), tmp_path / "task")
    assert (place / "plugins/more").is_dir()
    assert list((place / "uploads").iterdir()) == []


def test_a_module_without_a_source_stays(folder: Path, tmp_path: Path) -> None:
    """Its byte code is the module; beside its source, byte code is what a tool left behind."""
    laid(folder, {"rules.py": "TEXT = 'ok'\n", "app.pyc": "old"}, {})
    command = "import py_compile; py_compile.compile('rules.py', 'rules.pyc')"
    subprocess.run([sys.executable, "-c", command], cwd=folder, check=True)
    (folder / "rules.py").unlink()
    place = unpacked(packed(folder), tmp_path / "task")
    assert sorted(path.name for path in place.iterdir()) == ["app.py", "rules.pyc"]
    ran = subprocess.run(
        [sys.executable, "-c", "import rules; print(rules.TEXT)"], cwd=place, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "ok\n"


def test_modes_are_those_that_lambda_needs(folder: Path) -> None:
    """Lambda's user may read everything and start `bootstrap`, whatever the modes are here."""
    laid(folder, {"bootstrap": "#!/bin/sh", "tool": "#!/bin/sh"}, {"link": "tool"})
    (folder / "app.py").chmod(0o600)
    (folder / "tool").chmod(0o700)
    (folder / "plugins").mkdir(mode=0o700)
    assert modes(packed(folder)) == {
        "app.py": "-rw-r--r--",
        "bootstrap": "-rwxr-xr-x",
        "link": "lrwxrwxrwx",
        "plugins/": "drwxr-xr-x",
        "tool": "-rwxr-xr-x",
    }


def test_a_file_that_cannot_be_read_here_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out of a package without a word."""
    entries = list_package(folder)

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InvalidBundleError, match=r"app\.py' cannot be read: Permission denied"):
        zip_function(io.BytesIO(), entries)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    """Empty folders alone are no code."""
    (tmp_path / "api/plugins").mkdir(parents=True)
    assert "has no files" in refusal(tmp_path / "api")
