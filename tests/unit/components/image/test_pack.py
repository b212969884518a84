"""Container images in bundles: from a folder, from a tar, and what is refused on the way."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.domain.components.image.artifact import ImageArtifact
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle, verify_bundle
from tests.builders import digest
from tests.image_layouts import BASE, CODE, Files, ImageParts, a_tar, layout

MANIFEST = """\
application: smartpack
version: 1.0.0
components:
  ai: {kind: image, artifact: ai/IMAGE, memory: 512, command: [app.handler]}
"""
JUNK: Files = {"manifest.json": b"[]", "repositories": b"{}", "blobs/sha256/" + "0" * 64: b"nobody names me"}
"""What tools leave in a layout for older tools, and what is left of former builds."""


def source(folder: Path, files: Files, *, tar: bool) -> Path:
    """A source folder with this layout."""
    place = folder / "source" / "ai"
    place.mkdir(parents=True)
    (place.parent / "release.yaml").write_text(MANIFEST.replace("IMAGE", "image.tar" if tar else "image"))
    if tar:
        (place / "image.tar").write_bytes(a_tar(files))
    else:
        for path, data in files.items():
            file = place / "image" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return place.parent


def bundled(folder: Path, files: Files, *, tar: bool) -> Path:
    """The bundle that is made of it."""
    return make_bundle(source(folder, files, tar=tar), folder / "out.zip")


@pytest.mark.parametrize("tar", [False, True], ids=["folder", "tar"])
def test_a_layout_becomes_files_of_the_bundle(tmp_path: Path, tar: bool) -> None:
    """Everything that the index leads to, as the controller verifies it; the digest is the index's."""
    files = layout(attested=True)
    made = bundled(tmp_path, {**files, **JUNK}, tar=tar)
    component = verify_bundle(made).components["ai"]
    assert isinstance(component, ImageArtifact)
    assert (component.artifact, component.digest) == ("ai/image", digest(files["index.json"]))
    assert (component.memory, component.command) == (512, ["app.handler"])
    with zipfile.ZipFile(made) as archive:
        assert set(archive.namelist()) == {"release.yaml", *(f"ai/image/{path}" for path in files)}
        assert {info.compress_type for info in archive.infolist() if "/blobs/" in info.filename} == {0}


def test_folder_and_tar_give_the_same_bundle(tmp_path: Path) -> None:
    """What the layout was packed in makes no difference to the release."""
    folder = bundled(tmp_path / "a", layout(), tar=False)
    tar = bundled(tmp_path / "b", {**layout(), **JUNK}, tar=True)
    assert folder.read_bytes() == tar.read_bytes()


def wrong_layer() -> Files:
    """A layout in which a bit was flipped."""
    files = layout()
    path = f"blobs/sha256/{digest(CODE).removeprefix('sha256:')}"
    return {**files, path: bytes([CODE[0] ^ 1]) + CODE[1:]}


def without(end: str) -> Files:
    """A layout without the files that end so."""
    return {path: data for path, data in layout().items() if not path.endswith(end)}


REFUSED: dict[str, tuple[Callable[[], Files], str]] = {
    "docker save": (lambda: {"manifest.json": b"[]"}, "is not an OCI layout: it has no 'oci-layout'"),
    "no index": (lambda: without("index.json"), "it has no 'index.json'"),
    "cut off": (lambda: without(digest(BASE)[-64:]), "which its index names"),
    "wrong layer": (wrong_layer, "does not match its digest"),
    "zstd": (lambda: layout(ImageParts(layer_type="application/vnd.oci.image.layer.v1.tar+zstd")), "zstd"),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("tar", [False, True], ids=["folder", "tar"])
def test_a_bad_layout_never_becomes_a_bundle(tmp_path: Path, make: Callable[[], Files], reason: str, tar: bool) -> None:
    """It is told where it was made, with the next step, and nothing is left behind."""
    with pytest.raises(InvalidBundleError) as caught:
        bundled(tmp_path, make(), tar=tar)
    assert reason in caught.value.reason
    assert caught.value.next_step
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08 packed", b"", b"x" * 2000])
def test_what_is_no_tar_is_told(tmp_path: Path, data: bytes) -> None:
    """Packed ones as well: every read would unpack it from the beginning."""
    folder = source(tmp_path, layout(), tar=True)
    (folder / "ai/image.tar").write_bytes(data)
    with pytest.raises(InvalidBundleError, match="is not a tar with a container image"):
        make_bundle(folder, tmp_path / "out.zip")


def test_a_tar_that_was_cut_off_is_told(tmp_path: Path) -> None:
    """A disk was full, or a download ended early."""
    folder = source(tmp_path, layout(), tar=True)
    data = (folder / "ai/image.tar").read_bytes()
    (folder / "ai/image.tar").write_bytes(data[: len(data) // 2])
    with pytest.raises(InvalidBundleError):
        make_bundle(folder, tmp_path / "out.zip")


def test_an_image_that_was_not_built_is_told(tmp_path: Path) -> None:
    """The artifact is what a build gives, so it may not be there yet."""
    folder = source(tmp_path, layout(), tar=True)
    (folder / "ai/image.tar").unlink()
    with pytest.raises(InvalidBundleError, match="does not exist") as caught:
        make_bundle(folder, tmp_path / "out.zip")
    assert "Build the image" in caught.value.next_step


def test_a_link_in_a_layout_is_not_followed(tmp_path: Path) -> None:
    """It could lead to any file of this machine."""
    folder = source(tmp_path, layout(), tar=False)
    (folder / "ai/image/oci-layout").rename(tmp_path / "elsewhere")
    (folder / "ai/image/oci-layout").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidBundleError, match="has no 'oci-layout'"):
        make_bundle(folder, tmp_path / "out.zip")
