"""The reader of an uploaded bundle, over ranged GETs."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.bundles import BLOCK, S3Bundles
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
