"""Makes the release folders of SmartPack, ready for `selfright bundle`.

A release is the sources (`release.yaml`, `settings.yaml`, `api/`, `frontend/`), with the files of
`releases/<version>/` copied over them if the release has such a folder, and the version in place of the word
%VERSION%. The page gets its version when `selfright bundle` runs Vite, like that of any application.
"""

import argparse
import fcntl
import sys
from collections.abc import Callable
from pathlib import Path

from selfright.bundling.builder import Builder, silent
from selfright.bundling.bundle import build_artifacts

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".selfright" / "smartpack"
"""The place of the release folders, so that nothing is built twice."""

HEAD = "1.1.0"
"""The release that the sources make without an overlay."""

PARTS = ("release.yaml", "settings.yaml", "api", "frontend")
MADE = {".selfright", "dist", "node_modules", "__pycache__"}
"""Files that builds leave in a release folder."""
BUILT_BY_VITE = "frontend"


def versions() -> list[str]:
    """Return every release that the sources can make, oldest first."""
    return sorted({HEAD, *(folder.name for folder in (HERE / "releases").iterdir() if folder.is_dir())})


def build(version: str, output: Path) -> Path:
    """Write the release folder of `version` to `output` and return it; replaces what was there before.

    Raises `ValueError` for a version that does not exist, and for a folder that is not a release folder.
    """
    if version not in versions():
        raise ValueError(f"SmartPack has no release {version!r}; there are {', '.join(versions())}.")
    wanted = {path: _content(path, source, version) for path, source in _sources(version).items()}
    _clear(output, set(wanted))
    for path, content in wanted.items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)
    return output


def built(version: str, say: Callable[[str], None] = silent) -> Path:
    """Return the release folder of `version` with its page built; quick if its sources have not changed.

    Raises `InvalidBundleError` if the page cannot be built, for example because npm's registry cannot be reached.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{version}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folder = build(version, HOME / version)
        build_artifacts(folder, Builder(say))
    return folder


def _content(path: Path, source: Path, version: str) -> bytes:
    content = source.read_bytes()
    return content if path.parts[0] == BUILT_BY_VITE else content.replace(b"%VERSION%", version.encode())


def _clear(output: Path, wanted: set[Path]) -> None:
    """Delete the files of another release, unless the folder holds anything else."""
    if not output.exists():
        return
    foreign = [path.name for path in output.iterdir() if path.name not in {*PARTS, *MADE}]
    if foreign:
        raise ValueError(f"{output} is not a release folder (it has {foreign[0]}); name a new or an empty folder.")
    for file in _files_of(output):
        if file.relative_to(output) not in wanted:
            file.unlink()


def _sources(version: str) -> dict[Path, Path]:
    """Return which file goes to which path of the release; the overlay is last and wins."""
    layers = (HERE, HERE / "releases" / version)
    files = ((path.relative_to(layer), path) for layer in layers for part in PARTS for path in _files_of(layer / part))
    return dict(sorted(dict(files).items()))


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    inside = [_files_of(one) for one in path.iterdir() if one.name not in MADE] if path.is_dir() else []
    return [file for files in inside for file in files]


def main() -> None:
    """Make one release folder from the command line."""
    parser = argparse.ArgumentParser(description="Make a release folder of SmartPack.")
    parser.add_argument("--version", choices=versions(), default=HEAD)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write; replaced if it is a release")
    arguments = parser.parse_args()
    sys.stdout.write(f"{build(arguments.version, arguments.output)}\n")


if __name__ == "__main__":
    main()
