"""The reader of an uploaded bundle, over ranged GETs."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.bundles import BLOCK, BLOCKS_AT_ONCE, S3Bundles
from controller.domain.deployment import Upload

DATA = bytes(range(256)) * (BLOCK // 256) * 2 + b"the end"
UPLOAD = Upload("artifacts", "incoming/a/b/c.zip", "v1", len(DATA), datetime(2026, 1, 1, tzinfo=UTC))


class FakeS3:
    """Returns ranges of one object, or the whole object, as HTTP allows."""

    def __init__(self, *, ranges: bool) -> None:
        self.ranges = ranges
        self.requests: list[str] = []

    def get_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the object's version, which must be the pinned one."""
        assert request["VersionId"] == UPLOAD.version_id
        self.requests.append(request["Range"])
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        part = {"Body": io.BytesIO(DATA[first : last + 1]), "ContentRange": f"bytes {first}-{last}/{len(DATA)}"}
        return part if self.ranges else {"Body": io.BytesIO(DATA)}


@pytest.mark.parametrize(("ranges", "requests"), [(True, 3), (False, 1)])
def test_reads_the_pinned_version(ranges: bool, requests: int) -> None:
    """The bytes are right whether or not the server supports ranges, and nothing is fetched twice in one pass."""
    s3 = FakeS3(ranges=ranges)
    with S3Bundles(s3).open(UPLOAD) as file:  # type: ignore[arg-type]
        file.seek(-7, io.SEEK_END)
        assert file.read() == b"the end"
        file.seek(0)
        assert file.read() == DATA
    assert len(s3.requests) == requests


def test_a_few_files_cost_a_block_each_and_the_whole_few_requests() -> None:
    """What goes on is asked for in ever larger pieces; what lies elsewhere is not read with it."""
    large = replace(UPLOAD, size=200 * BLOCK)
    s3 = Zeros(large.size)
    with S3Bundles(s3).open(large) as file:  # type: ignore[arg-type]
        for number in (7, 60, 130):
            file.seek(number * BLOCK)
            file.read(10)
        assert s3.asked == [1, 1, 1]
        file.seek(0)
        assert file.read() == bytes(large.size)
    assert s3.asked[3:6] == [1, 2, 4]
    assert len(s3.asked) < 3 + 20
    assert max(s3.asked) == BLOCKS_AT_ONCE


class Zeros:
    """An object of zeros, and how many blocks each request asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[int] = []

    def get_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """The zeros of a range."""
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        self.asked.append((last + 1 - first) // BLOCK)
        return {"Body": io.BytesIO(bytes(last + 1 - first)), "ContentRange": request["Range"]}
