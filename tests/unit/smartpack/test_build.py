import re
from pathlib import Path

import pytest
import yaml

from app_artifacts.smartpack import plain as standing_in
from app_artifacts.smartpack.build import HERE, MADE, build, versions
from selfright.bundling.bundle import make_bundle

VERSIONS = ["1.0.0", "1.1.0", "1.2.0"]
LOCK = HERE / "frontend" / "package-lock.json"


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a release folder by its path, without what builds have made."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(path): file.read_bytes() for path, file in files.items() if MADE.isdisjoint(path.parts)}


def test_there_are_three_releases() -> None:
    """The sources make the head, the release before it and the one after it."""
    assert versions() == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_build_is_reproducible(releases: dict[str, Path], tmp_path: Path, version: str) -> None:
    """Building again, over an older build of another release, gives the same bytes and nothing else."""
    build("1.2.0", tmp_path / "again")
    assert content(build(version, tmp_path / "again")) == content(releases[version])


def test_what_was_built_is_kept(tmp_path: Path) -> None:
    """Packages, the page and what is remembered of its build are no files of a release, and stay for the next one."""
    build("1.1.0", tmp_path)
    for folder in ("frontend/node_modules/react", "frontend/dist", ".selfright/builds"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "made").touch()
    build("1.0.0", tmp_path)
    assert {path.parent.name for path in tmp_path.rglob("made")} == {"react", "dist", "builds"}


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nobody's files are replaced by a release."""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"is not a release folder \(it has thesis.tex\)"):
        build("1.1.0", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_is_everywhere(releases: dict[str, Path], version: str) -> None:
    """The manifest, the API and the built page agree on the version, and no placeholder is left."""
    folder = releases[version]
    files = content(folder)
    assert yaml.safe_load(files["release.yaml"])["version"] == version
    assert f'VERSION = "{version}"'.encode() in files["api/version.py"]
    assert f'name="smartpack-version" content="{version}"' in (folder / "frontend/dist/index.html").read_text()
    page = [file.read_bytes() for file in (folder / "frontend/dist").rglob("*") if file.is_file()]
    code = [data for path, data in files.items() if not path.startswith("frontend/")]
    assert not [data for data in [*page, *code] if b"%VERSION%" in data]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_page_obeys_its_content_security_policy(releases: dict[str, Path], version: str) -> None:
    """`default-src 'self'`: no script or style in the page itself, no `data:` address, no other origin."""
    dist = releases[version] / "frontend" / "dist"
    page = (dist / "index.html").read_text()
    assert re.findall(r"<script[^>]*>(?!</script>)", page) == []
    assert "<style" not in page
    assert " style=" not in page
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(re.fullmatch(r"/assets/\w+-[\w-]{8}\.(js|css|svg)", address) for address in addresses)
    styles = "".join(file.read_text() for file in dist.glob("assets/*.css"))
    assert re.findall(r"url\(|@import", styles) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_without_npm_there_is_a_plain_page(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes the release's own checks and its bundle needs no build; made again, it is the same."""
    monkeypatch.setattr(standing_in, "HOME", tmp_path)
    monkeypatch.setenv("PATH", "")
    bundles = [make_bundle(standing_in.plain(version), tmp_path / f"{number}.zip") for number in range(2)]
    assert bundles[0].read_bytes() == bundles[1].read_bytes()
    dist = tmp_path / f"{version}-plain" / "frontend" / "dist"
    page = (dist / "index.html").read_text()
    assert f'name="smartpack-version" content="{version}"' in page
    assert "<title>SmartPack" in page
    assert "<script" not in page
    addresses = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert len(addresses) == 4
    assert all((dist / address).is_file() for address in addresses)


def test_the_lock_says_what_is_installed_and_not_from_where() -> None:
    """Every package has a hash, and no download address: each installation may choose its own registry."""
    text = LOCK.read_text()
    assert '"resolved"' not in text
    assert not re.search(r"registry|npmjs|\.tgz", text)
    packages = yaml.safe_load(text)["packages"]
    assert len(packages) > 20
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


THEMES = [HERE / "frontend/src/theme.css", *sorted(HERE.glob("releases/*/frontend/src/theme.css"))]
READ_ON = [
    ("ink", "card"),
    ("quiet", "card"),
    ("quiet", "page"),
    ("ink", "field"),
    ("ink", "note"),
    ("ink", "bad-soft"),
]
READ_ON += [("accent-ink", "accent"), ("bad", "card"), ("hero-ink", "hero")]
"""Which colour of a theme is read on which other."""


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of `#rgb` or `#rrggbb`."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.parents[2].name)
def test_every_text_can_be_read(theme: Path) -> None:
    """WCAG's level AA, 4.5 to 1, in light and in dark, on each colour of a gradient."""
    modes = theme.read_text().split("@media")
    assert len(modes) == 2
    colours: dict[str, list[str]] = {}
    for mode in modes:
        colours |= {name: re.findall(r"#[0-9a-f]+", value) for name, value in re.findall(r"--([\w-]+): ([^;]+);", mode)}
        low = [(a, b) for a, b in READ_ON for back in colours[b] if contrast(colours[a][0], back) < 4.5]
        assert low == []
