"""Makes the release folders of SmartPack, ready for `selfright bundle`.

A release is the sources (`release.yaml`, `api/`, `site/`), with the files of `releases/<version>/` laid over them where
the release has such a folder. Then the word %VERSION% becomes the version, and every file of `site/assets/` gets its
content's hash into its name, and that name into whatever refers to it.
"""

import argparse
import hashlib
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "1.1.0"
"""The release that the sources make without an overlay."""

PARTS = ("release.yaml", "api", "site")
REFERENCE = re.compile(rb"(?<=[\"'(])(assets/|\./)([\w-]+\.\w+)(?=[\"')])")
"""How files name an asset: `assets/app.js` in a page, `./list.js` in another asset."""


def versions() -> list[str]:
    """Return every release that the sources can make, oldest first."""
    return sorted({HEAD, *(folder.name for folder in (HERE / "releases").iterdir() if folder.is_dir())})


def build(version: str, output: Path) -> Path:
    """Write the release folder of `version` to `output` and return it; what was there before is replaced.

    Raises `ValueError` for a version that does not exist, and for a folder that is not one of ours to replace.
    """
    if version not in versions():
        raise ValueError(f"SmartPack has no release {version!r}; there are {', '.join(versions())}.")
    _clear(output)
    for path, source in _sources(version).items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes().replace(b"%VERSION%", version.encode()))
    _hash_names(output / "site")
    return output


def _clear(output: Path) -> None:
    """Empty the folder, unless it holds something that a build does not make."""
    foreign = [path.name for path in output.iterdir() if path.name not in PARTS] if output.exists() else []
    if foreign:
        raise ValueError(f"{output} is no release folder (it has {foreign[0]}); give a new or an empty folder.")
    shutil.rmtree(output, ignore_errors=True)


def _sources(version: str) -> dict[Path, Path]:
    """Return which file goes to which path of the release; the overlay is last and wins."""
    layers = (HERE, HERE / "releases" / version)
    files = ((path.relative_to(layer), path) for layer in layers for part in PARTS for path in _files_of(layer / part))
    return dict(sorted(dict(files).items()))


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _hash_names(site: Path) -> None:
    """Rename every asset after its content, and say the new names where the old ones were."""
    assets = {path.name: path.read_bytes() for path in (site / "assets").iterdir()}
    names: dict[str, str] = {}

    def resolve(content: bytes) -> bytes:
        return REFERENCE.sub(lambda match: match[1] + hashed(match[2].decode()).encode(), content)

    def hashed(name: str) -> str:
        """Write the asset under its new name. What it refers to goes first: those names are part of its content."""
        if name not in names:
            content = resolve(assets[name])
            stem, _, suffix = name.rpartition(".")
            names[name] = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
            (site / "assets" / names[name]).write_bytes(content)
            (site / "assets" / name).unlink()
        return names[name]

    for name in assets:
        hashed(name)
    for page in site.glob("*.html"):
        page.write_bytes(resolve(page.read_bytes()))


def main() -> None:
    """Build one release from the command line."""
    parser = argparse.ArgumentParser(description="Make a release folder of SmartPack.")
    parser.add_argument("--version", choices=versions(), default=HEAD)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write; replaced if it is a release")
    arguments = parser.parse_args()
    sys.stdout.write(f"{build(arguments.version, arguments.output)}\n")


if __name__ == "__main__":
    main()
