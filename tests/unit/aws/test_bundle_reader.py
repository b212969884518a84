"""A bundle is read like a file, with a few blocks in memory, for any seeks and reads."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from controller.aws import bundles
from controller.aws.bundles import S3Bundles
from controller.domain.deployment import Upload
from controller.errors import NotFoundError
from tests.fakes import START
from tests.unit.aws.ledger_table import client

KEY = "incoming/smartpack/prod/ü #1.zip"


class Ranges:
    """S3 with one object, which returns ranges."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def get_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the bytes of the range."""
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        assert 0 <= first <= last < len(self.data)
        return {"Body": io.BytesIO(self.data[first : last + 1]), "ContentRange": request["Range"]}


moves = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 300)),
        st.tuples(st.just("start"), st.integers(0, 400)),
        st.tuples(st.just("end"), st.integers(-400, 50)),
        st.tuples(st.just("here"), st.integers(-300, 300)),
    ),
    max_size=30,
)
WHENCE = {"start": io.SEEK_SET, "here": io.SEEK_CUR, "end": io.SEEK_END}


@settings(max_examples=300)
@given(data=st.binary(max_size=350), moves=moves)
def test_it_reads_like_any_file(data: bytes, moves: list[tuple[str, int]]) -> None:
    """Random seeks and reads give the same as a file in memory, and only a few blocks are kept."""
    upload = Upload("bucket", KEY, "v1", len(data), START)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "BLOCK", 16)
        patch.setattr(bundles, "BLOCKS_AT_ONCE", 3)
        patch.setattr(bundles, "KEPT_BLOCKS", 4)
        patch.setattr(bundles, "BUFFER", 8)
        real, ours = io.BytesIO(data), S3Bundles(Ranges(data)).open(upload)  # type: ignore[arg-type]
        for move, number in moves:
            if move == "read":
                assert ours.read(number) == real.read(number)
            else:
                assert ours.seek(number, WHENCE[move]) == real.seek(number, WHENCE[move])
            assert ours.tell() == real.tell()
            assert len(ours.raw._blocks) <= 4  # type: ignore[attr-defined]


@pytest.fixture
def s3() -> Iterator[Any]:
    """A bucket with versions."""
    with mock_aws():
        made = client("s3")
        made.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        made.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        yield made


def test_an_upload_is_pinned_to_its_version(s3: Any) -> None:  # noqa: ANN401 - a client
    """A later upload to the same key is another release."""
    first = s3.put_object(Bucket="bucket", Key=KEY, Body=b"first")["VersionId"]
    pinned = S3Bundles(s3).pin("bucket", KEY, None)
    s3.put_object(Bucket="bucket", Key=KEY, Body=b"second!")
    assert (pinned.version_id, pinned.size) == (first, 5)
    assert S3Bundles(s3).pin("bucket", KEY, first) == pinned
    assert S3Bundles(s3).open(pinned).read() == b"first"


def test_a_deleted_upload_is_not_found(s3: Any) -> None:  # noqa: ANN401 - a client
    """Both pinning and reading say so."""
    with pytest.raises(NotFoundError):
        S3Bundles(s3).pin("bucket", KEY, None)
    gone = Upload("bucket", KEY, "", 5, START)
    with pytest.raises(NotFoundError):
        S3Bundles(s3).open(gone).read()


def test_a_bucket_without_versions_can_be_read(s3: Any) -> None:  # noqa: ANN401 - a client
    """Where S3 returns no version, the newest object is read."""
    s3.put_object(Bucket="bucket", Key=KEY, Body=b"first")
    upload = replace(S3Bundles(s3).pin("bucket", KEY, None), version_id="")
    assert S3Bundles(s3).open(upload).read() == b"first"
