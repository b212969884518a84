import gzip
import io
import json
import re
from collections.abc import Callable

import pytest

from controller.domain.bundle.archive import BundleArchive, BundleLimits
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.documents import MAX_MANIFESTS
from controller.domain.components.image.layout import Layout
from controller.domain.components.image.rules import refuse_too_large
from controller.domain.zip.gunzip import Gunzip
from controller.errors import InvalidBundleError
from tests.builders import BundleParts, Item, a_bundle, digest
from tests.image_layouts import (
    BASE,
    CODE,
    DOCKER,
    OCI,
    Files,
    ImageParts,
    a_layer,
    add_blob,
    descriptor_in,
    image_bundle,
    index_of,
    layout,
    noise,
)


def opened(parts: BundleParts, limits: BundleLimits | None = None) -> BundleArchive:
    """The bundle, verified as in the controller before anything is touched."""
    archive = BundleArchive(io.BytesIO(parts.pack()), limits)
    archive.verify(archive.manifest())
    return archive


def read(files: Files) -> Layout:
    """The layout in a bundle, verified."""
    archive = opened(image_bundle(files))
    artifact = archive.manifest().components["ai"]
    assert isinstance(artifact, ImageArtifact)
    return artifact.read_layout(archive)


def refusal(parts: BundleParts, limits: BundleLimits | None = None) -> str:
    """Why the bundle is refused, with a next step."""
    with pytest.raises(InvalidBundleError) as caught:
        opened(parts, limits)
    assert caught.value.next_step
    return caught.value.reason


def blob_of(data: bytes) -> str:
    """The path of a blob in the bundle."""
    return f"ai/blobs/sha256/{digest(data).removeprefix('sha256:')}"


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_an_image_is_read(docker: bool) -> None:
    """OCI and Docker's schema 2 differ in the names of the media types only."""
    found = read(layout(ImageParts(docker=docker))).image_for("linux/amd64")
    assert [blob.size for blob in found.manifest.layers] == [len(BASE), len(CODE)]
    assert found.descriptor.media_type.startswith(DOCKER if docker else OCI)


def test_the_config_names_the_platform() -> None:
    """An index need not name it, and often does not when there is only one image."""
    assert read(layout(ImageParts(platform="linux/arm64", in_index=False))).image_for("linux/arm64")


def test_the_environment_chooses_the_platform() -> None:
    """A layout may have several, each image with a manifest of its own."""
    found = read(layout(ImageParts(), ImageParts((BASE,), "linux/arm64"), nested=True))
    assert len(found.image_for("linux/amd64").manifest.layers) == 2
    assert len(found.image_for("linux/arm64").manifest.layers) == 1


def test_an_attestation_is_no_image() -> None:
    """`docker buildx` adds one by default, for the platform `unknown/unknown`."""
    assert [image.platform for image in read(layout(attested=True)).images] == ["linux/amd64"]


def test_a_manifest_with_another_config_is_no_image() -> None:
    """Signatures and other artifacts have manifests too."""
    files = layout()
    signature = {
        "schemaVersion": 2,
        "config": add_blob(files, b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [add_blob(files, b"signed", "application/x-signature")],
    }
    listed = add_blob(files, json.dumps(signature).encode(), f"{OCI}.manifest.v1+json")
    files["index.json"] = index_of([descriptor_in(files), listed])
    assert [image.platform for image in read(files).images] == ["linux/amd64"]


def test_a_platform_that_was_left_out_does_not_matter() -> None:
    """Tools copy one platform of an image with the index of all; the manifests of the others are then missing."""
    files = layout(ImageParts())
    elsewhere = ImageParts((b"never", b"copied"), "linux/arm64").add_to({})
    files["index.json"] = index_of([descriptor_in(files), elsewhere])
    found = read(files)
    assert found.image_for("linux/amd64")
    with pytest.raises(InvalidBundleError, match=r"linux/arm64 is listed, but was left out \(there are: linux/amd64\)"):
        found.image_for("linux/arm64")


def test_a_missing_platform_is_refused() -> None:
    """The message names the platforms that exist, and how to build the missing one."""
    with pytest.raises(InvalidBundleError, match="is not in the layout") as caught:
        read(layout()).image_for("linux/arm64")
    assert "--platform linux/arm64" in caught.value.next_step


def test_two_images_for_one_platform_are_one_too_many() -> None:
    """It is not clear which one is meant."""
    with pytest.raises(InvalidBundleError, match="2 images for linux/amd64"):
        read(layout(ImageParts(), ImageParts((BASE,)))).image_for("linux/amd64")


def test_the_same_image_twice_is_one() -> None:
    """Two tags in a layout are two descriptors of one manifest."""
    files = layout()
    files["index.json"] = index_of([descriptor_in(files)] * 2)
    assert read(files).image_for("linux/amd64")


@pytest.mark.parametrize("name", ["BASE", "CODE"])
def test_a_layer_with_a_wrong_digest_is_refused(name: str) -> None:
    """Every byte is compared before anything is touched."""
    parts = image_bundle()
    path = blob_of({"BASE": BASE, "CODE": CODE}[name])
    data = parts.files[path]
    assert isinstance(data, bytes)
    parts.files[path] = bytes([data[0] ^ 1]) + data[1:]
    assert f"'{path}' does not match its digest" in refusal(parts)


def test_a_manifest_with_a_wrong_digest_is_refused() -> None:
    """It is compared when it is read, before its descriptors are followed."""
    parts = image_bundle()
    path = f"ai/blobs/sha256/{descriptor_in(layout())['digest'].removeprefix('sha256:')}"
    data = parts.files[path]
    assert isinstance(data, bytes)
    parts.files[path] = data.replace(b'"schemaVersion": 2', b'"schemaVersion":  2')[: len(data)]
    assert "does not match its digest" in refusal(parts)


def test_another_index_than_the_releases_is_refused() -> None:
    """The digest in release.yaml is that of the index, which covers everything."""
    parts = image_bundle()
    parts.files["ai/index.json"] = index_of([descriptor_in(layout())] * 2)
    assert "'ai/index.json' does not match the digest in the manifest" in refusal(parts)


def test_a_file_that_the_index_does_not_lead_to_is_refused() -> None:
    """A file without a digest could be anything."""
    parts = image_bundle()
    parts.files["ai/manifest.json"] = b"[]"
    assert "belongs to no artifact" in refusal(parts)


def changed(**manifest: object) -> BundleParts:
    """An image with these changes in its manifest."""
    return image_bundle(layout(ImageParts(manifest=manifest)))


def without(path: str) -> BundleParts:
    """A bundle without this file."""
    parts = image_bundle()
    del parts.files[path]
    return parts


def with_file(path: str, data: bytes) -> BundleParts:
    """A layout with other contents of this file."""
    return image_bundle({**layout(), path: data})


def listing(media_type: str) -> BundleParts:
    """A layout that lists something with this media type."""
    return image_bundle({**layout(), "index.json": index_of([{**descriptor_in(layout()), "mediaType": media_type}])})


def too_deep() -> BundleParts:
    """Indexes within indexes."""
    files = layout()
    for _ in range(4):
        files["index.json"] = index_of([add_blob(files, files["index.json"], f"{OCI}.index.v1+json")])
    return image_bundle(files)


def two_sizes() -> BundleParts:
    """A manifest that contradicts itself."""
    blob = add_blob({}, BASE, f"{OCI}.layer.v1.tar+gzip")
    return changed(layers=[blob, {**blob, "size": 1}])


REFUSED: dict[str, tuple[Callable[[], BundleParts], str]] = {
    "no marker": (lambda: without("ai/oci-layout"), "is not an OCI layout: it has no 'oci-layout'"),
    "no index": (lambda: without("ai/index.json"), "'ai/index.json', which components.ai names, is not in the bundle"),
    "other marker": (
        lambda: with_file("oci-layout", b'{"imageLayoutVersion":"2.0.0"}'),
        "is not the marker of a container",
    ),
    "index is text": (
        lambda: with_file("index.json", b"hello"),
        "'ai/index.json' is not the index of a container image",
    ),
    "index is a list": (
        lambda: with_file("index.json", b"[]"),
        "'ai/index.json' is not the index of a container image",
    ),
    "schema 1": (lambda: listing(f"{DOCKER}.distribution.manifest.v1+json"), "is neither an image nor an index"),
    "other digest": (
        lambda: with_file("index.json", index_of([{**descriptor_in(layout()), "digest": "sha512:00"}])),
        "manifests.0.digest",
    ),
    "no image": (lambda: with_file("index.json", index_of([])), "has no image in it"),
    "too many": (
        lambda: with_file("index.json", index_of([descriptor_in(layout())] * (MAX_MANIFESTS + 1))),
        "at most 100 items",
    ),
    "too deep": (too_deep, "is nested in too many other indexes"),
    "two sizes": (two_sizes, "gives two sizes"),
    "a layer is missing": (lambda: without(blob_of(CODE)), "which ai/index.json names, is not in the bundle"),
    "no layers": (lambda: changed(layers=[]), "has no layers"),
    "an empty layer": (lambda: image_bundle(layout(ImageParts((b"", CODE)))), "is empty, which ECR refuses"),
    "zstd": (
        lambda: image_bundle(layout(ImageParts(layer_type=f"{OCI}.layer.v1.tar+zstd"))),
        "is compressed with zstd, which Lambda does not support",
    ),
    "foreign": (
        lambda: image_bundle(layout(ImageParts(layer_type=f"{DOCKER}.image.rootfs.foreign.diff.tar.gzip"))),
        "must be fetched from elsewhere",
    ),
    "encrypted": (
        lambda: image_bundle(layout(ImageParts(layer_type=f"{OCI}.layer.v1.tar+gzip+encrypted"))),
        "has the media type 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'",
    ),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED)
def test_an_image_that_lambda_or_ecr_would_refuse_is_refused(make: Callable[[], BundleParts], reason: str) -> None:
    """The reason names the mistake, and nothing was touched."""
    assert reason in refusal(make())


def test_an_uncompressed_layer_is_accepted() -> None:
    """It is a plain tar, though few tools write one."""
    assert read(layout(ImageParts(layer_type=f"{OCI}.layer.v1.tar")))


def test_a_layer_may_be_larger_than_other_files() -> None:
    """It has a limit of its own."""
    large = layout(ImageParts((a_layer("large", noise(5000)),)))
    assert opened(image_bundle(large), BundleLimits(entry_bytes=2000))
    assert "unpacks to" in refusal(image_bundle(large), BundleLimits(entry_bytes=2000, largest_bytes=4000))


def test_other_files_may_not_be_as_large_as_a_layer() -> None:
    """The controller's temporary folder, which a site's file passes, is small."""
    with pytest.raises(InvalidBundleError, match="bytes; at most 50 are allowed"):
        BundleArchive(io.BytesIO(a_bundle()), BundleLimits(entry_bytes=50)).verify(
            BundleArchive(io.BytesIO(a_bundle())).manifest()
        )


def test_an_image_over_lambdas_limit_is_refused() -> None:
    """The limit of all layers together is 10 GiB."""
    found = read(layout(ImageParts((BASE, CODE, a_layer("third", b""))))).image_for("linux/amd64")
    unpacked = {layer.path: 4 * 1024**3 for layer in found.manifest.layers}
    refuse_too_large(found, dict(list(unpacked.items())[:2]), "ai")
    with pytest.raises(InvalidBundleError, match=r"unpacks to 12\.0 GiB; Lambda allows 10 GiB"):
        refuse_too_large(found, unpacked, "ai")


LYING = {
    "its size": BASE[:-4] + bytes(4),
    "its checksum": BASE[:-8] + bytes(4) + BASE[-4:],
    "no end": BASE[:-3],
    "what follows": BASE + b"PK",
    "no gzip": b"ustar",
}


@pytest.mark.parametrize("layer", LYING.values(), ids=LYING)
def test_a_layer_that_lies_about_what_it_unpacks_to_is_refused(layer: bytes) -> None:
    """Its digest is right: only unpacking it shows that."""
    assert re.search("is damaged|is cut off", refusal(image_bundle(layout(ImageParts((layer, CODE))))))


def test_a_layer_of_several_parts_is_one() -> None:
    """Tools that compress in parallel, or so that parts can be fetched alone, write several gzip files in one."""
    assert opened(image_bundle(layout(ImageParts((a_layer("one", b"1" * 10_000) + a_layer("two", b"2"),)))))


def test_what_layers_really_unpack_to_counts() -> None:
    """A layer may say that it is small; all layers in a bundle have a limit together, too."""
    bomb = gzip.compress(bytes(50_000_000))
    bundle = image_bundle(layout(ImageParts((bomb, CODE))))
    assert "unpack to more than" in refusal(bundle, BundleLimits(gzip_bytes=40_000_000))
    gunzip = Gunzip("layer", 40_000_000)
    with pytest.raises(InvalidBundleError, match="unpacks to more than"):
        gunzip.feed(bomb)


def test_a_layer_that_the_bundle_compresses_is_read() -> None:
    """Any zip tool may have made the bundle, and compressed the layers once more."""
    parts = image_bundle()
    data = parts.files[blob_of(BASE)]
    assert isinstance(data, bytes)
    parts.files[blob_of(BASE)] = Item(data, method=8)
    assert opened(parts)


def test_a_manifest_over_the_limit_is_refused() -> None:
    """Documents are read into memory, so they have a limit."""
    large = json.dumps({"schemaVersion": 2, "manifests": [], "annotations": {"x": "y" * 5_000_000}}).encode()
    assert "at most 4,194,304 are allowed" in refusal(with_file("index.json", large))
