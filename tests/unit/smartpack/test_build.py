import hashlib
import re
import shutil
from pathlib import Path

import pytest
import yaml

from app_artifacts.smartpack import build as building
from app_artifacts.smartpack.build import build, versions


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_are_three_releases() -> None:
    """The sources make the head, the release before it and the one after it."""
    assert versions() == ["1.0.0", "1.1.0", "1.2.0"]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_a_build_is_reproducible(releases: dict[str, Path], tmp_path: Path, version: str) -> None:
    """Building again, over an older build of another release, gives the same bytes and nothing else."""
    build("1.1.0", tmp_path / "again")
    assert content(build(version, tmp_path / "again")) == content(releases[version])


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_the_version_is_everywhere(releases: dict[str, Path], version: str) -> None:
    """The manifest, the API and the page agree on the version, and no placeholder is left."""
    files = content(releases[version])
    assert yaml.safe_load(files["release.yaml"])["version"] == version
    assert f'VERSION = "{version}"'.encode() in files["api/version.py"]
    assert f'content="{version}"'.encode() in files["site/index.html"]
    assert not [path for path, data in files.items() if b"%VERSION%" in data]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_asset_names_follow_the_content(releases: dict[str, Path], version: str) -> None:
    """Every asset carries the hash of its bytes, and everything that is referred to exists."""
    site = releases[version] / "site"
    for asset in (site / "assets").iterdir():
        digest = hashlib.sha256(asset.read_bytes()).hexdigest()
        assert re.fullmatch(rf"[a-z]+-{digest[:8]}\.(css|js|svg)", asset.name)
        for name in re.findall(r'from "\./([^"]+)"', asset.read_text()):
            assert (site / "assets" / name).is_file()
    for name in re.findall(r'"(assets/[^"]+)"', (site / "index.html").read_text()):
        assert (site / name).is_file()


def test_a_change_renames_the_asset_and_what_imports_it_only(
    tmp_path: Path, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed module gets a new name, so does the script that names it; the others keep theirs."""
    sources = tmp_path / "sources"
    shutil.copytree(building.HERE, sources, ignore=shutil.ignore_patterns("__pycache__"))
    memory = sources / "site/assets/memory.js"
    memory.write_text(memory.read_text() + "// changed\n")
    monkeypatch.setattr(building, "HERE", sources)
    before = {path.name for path in (releases["1.1.0"] / "site/assets").iterdir()}
    after = {path.name for path in (build("1.1.0", tmp_path / "out") / "site/assets").iterdir()}
    assert {name.split("-")[0] for name in after - before} == {"app", "memory"}


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    """The error says which releases there are."""
    with pytest.raises(ValueError, match=r"no release '9\.9\.9'; there are 1\.0\.0, 1\.1\.0, 1\.2\.0"):
        build("9.9.9", tmp_path)


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    """A mistyped output folder loses nothing."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"is no release folder \(it has thesis\.txt\)"):
        build("1.1.0", tmp_path)
    assert (tmp_path / "thesis.txt").exists()
